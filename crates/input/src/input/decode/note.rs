//! What was done to a file's own pixels in decoding.

/// Something that the user should know about how the file was decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DecodeNote {
    /// The first frame of an animation, or the first page of several.
    FirstOfSeveral,
    /// More than 8 bits per channel, scaled to 8.
    SixteenBitScaled,
    /// Cyan, magenta, yellow and black, converted without a colour profile.
    CmykConverted,
    /// Some pixels were transparent; the background is white.
    AlphaOverWhite,
    /// Turned or mirrored by the orientation in the file's metadata.
    Oriented,
}

impl DecodeNote {
    /// A few lower-case words for the user.
    pub const fn words(self) -> &'static str {
        match self {
            Self::FirstOfSeveral => "first of several frames",
            Self::SixteenBitScaled => "16 bits scaled to 8",
            Self::CmykConverted => "CMYK converted to RGB",
            Self::AlphaOverWhite => "transparency over white",
            Self::Oriented => "turned as EXIF asks",
        }
    }
}
