//! What was done to a file's own pixels on the way to the picture.

/// Something a person should know about how the file became the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecodeNote {
    /// An animation or a file of several pages: the first is shown.
    FirstOfSeveral,
    /// More than 8 bits a channel, scaled to 8.
    SixteenBitScaled,
    /// Cyan, magenta, yellow and black, converted without a colour profile.
    CmykConverted,
    /// Some pixels let the background through: it is white.
    AlphaOverWhite,
    /// Turned or mirrored as the file's EXIF orientation asks.
    Oriented,
}

impl DecodeNote {
    /// A few lower-case words for people.
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
