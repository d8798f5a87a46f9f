//! A figure's record: everything needed to make the figure again. It has the program, the picture, and for each mosaic the weights,
//! the preprocessing, the layer and the range.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::mosaic::Mosaic;

/// The number of the record's schema that this version writes and reads.
pub const SCHEMA: u32 = 1;

/// Weights that come with the program: its networks were checked with exactly these.
pub const CARRIED: &str = "carried";
/// Weights downloaded from the source that their tag names.
pub const DOWNLOADED: &str = "downloaded";
/// Weights from a file of the user's: the program doesn't know whether they are what their tag says.
pub const UNVERIFIED: &str = "unverified";

/// The most panels in a record.
const MAX_PANELS: usize = 1024;
/// The most characters in one text of a record.
const MAX_CHARS: usize = 1024;

/// The record of one figure. When it is read, unknown fields are ignored and missing ones are an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureRecord {
    /// The schema's number, [`SCHEMA`].
    pub schema: u32,
    /// Name and version of the program.
    pub program: String,
    /// `mosaic`, `captioned`, `captioned without scale` or `with scale`, by what is drawn around the mosaic; `sheet` for several
    /// mosaics; `view` for the part of a mosaic that was on screen.
    pub kind: String,
    /// The picture that went through the network.
    pub picture: PictureRecord,
    /// The picture whose feature maps were subtracted, in a figure of a difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minus: Option<PictureRecord>,
    /// One panel for each mosaic, in the figure's order.
    pub panels: Vec<PanelRecord>,
}

/// Identifies a picture: its file's name, never its path, and a hash of its pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PictureRecord {
    /// The file's name without any folder.
    pub file_name: String,
    /// [`pixels_sha256`] of the decoded picture, before any resize.
    pub pixels_sha256: String,
}

/// How one mosaic was made: the run and the look, as fields of one JSON object. Settings are texts as the program writes them, so
/// that they can be typed in again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelRecord {
    /// The panel's own picture, in a sheet of several pictures; otherwise the figure's picture is the panel's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PictureRecord>,
    /// How the picture became the layer's values.
    #[serde(flatten)]
    pub run: RunRecord,
    /// How the values became pixels.
    #[serde(flatten)]
    pub look: LookRecord,
}

/// The run that gave a layer's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The model, `arch.tag`.
    pub tag: String,
    /// [`CARRIED`], [`DOWNLOADED`] or [`UNVERIFIED`].
    pub weights: String,
    /// SHA-256 of the weights file in lower-case hexadecimal.
    pub weights_sha256: String,
    /// SHA-256 of the file that the program's imported copy was made from. Both hold the same weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_source_sha256: Option<String>,
    /// Where the network's tensors are in that file, if their names have a common prefix: `state_dict.backbone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_part: Option<String>,
    /// The fit that was chosen, as typed: `model`, `native`, `640x480`.
    pub fit: String,
    /// The preprocessing of values that was chosen, as typed: `model`, `raw`.
    pub preprocess: String,
    /// How the picture was brought to the network's input size, in words.
    pub fitted: String,
    /// The network's input size, columns × rows.
    pub input_size: String,
    /// The filter used for resizing.
    pub filter: String,
    /// How samples became input values: order, divisor, mean, deviation.
    pub value_scale: String,
    /// Where the preprocessing comes from, if from the weights file and not from the model spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preprocessing_from: Option<String>,
    /// The engine that ran the network.
    pub engine: String,
    /// The device that it ran on.
    pub device: String,
    /// The last layer, if the network itself came from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_layer: Option<String>,
    /// Why that layer is the last, if not simply because the file ends there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_final: Option<String>,
    /// What else the weights file holds, if the network is only a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_file: Option<PartRecord>,
}

/// Where in a file a network was found, and what else was there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRecord {
    /// The model within the file that is the network; empty if its layers are at the top level.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
    /// Layers in the file that don't belong to the network, each with the shape of its weights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub head: Vec<String>,
}

/// How a layer's values became pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookRecord {
    /// The layer's name.
    pub layer: String,
    /// The layer's shape, `C×H×W`.
    pub shape: String,
    /// `channels` or `cells`.
    pub layout: String,
    /// Rows x columns of the grid of channels.
    pub grid: String,
    /// Side in pixels of the square that shows one value.
    pub scale: u32,
    /// Pixels between tiles.
    pub gap: u32,
    /// Which values share a normalisation range.
    pub normalisation: String,
    /// The resulting range.
    pub range: String,
    /// The colour map.
    pub colour_map: String,
    /// `light` or `dark`.
    pub paper: String,
    /// Which channels are shown and in what order, if not all in their usual order: `mean hide-dead top:64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "sifting")]
    pub selection: Option<String>,
    /// The channel that is shown, in a figure of a single channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_channel: Option<usize>,
    /// The class whose map is shown in place of the layer's channels: `top`, a number, or part of a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_map: Option<String>,
    /// Whether the grid was chosen; otherwise it follows from the number of channels.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_grid_chosen: bool,
    /// The part of the mosaic that is shown, in a figure of a part, as [`SeenPart`](crate::mosaic::SeenPart) is written as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Settings of the mosaic that have no field above, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
}

impl FigureRecord {
    /// A new record with this program's name and version.
    pub fn new(kind: &str, picture: PictureRecord, panels: Vec<PanelRecord>) -> Self {
        let program = concat!("filterscope ", env!("CARGO_PKG_VERSION")).to_owned();
        Self { schema: SCHEMA, program, kind: kind.to_owned(), picture, minus: None, panels }
    }

    /// The record as the JSON that a figure carries.
    pub fn to_json(&self) -> Result<String, BadRecord> {
        self.validate()?;
        serde_json::to_string(self).map_err(|e| BadRecord::Json(e.to_string()))
    }

    /// Reads a record. The text may come from anywhere.
    pub fn from_json(json: &str) -> Result<Self, BadRecord> {
        #[derive(Deserialize)]
        struct Versioned {
            schema: u32,
        }
        let bad = |e: serde_json::Error| BadRecord::Json(e.to_string());
        // Check the schema's number first, so that a later schema is reported as such and not as a missing field.
        let Versioned { schema } = serde_json::from_str(json).map_err(bad)?;
        if schema != SCHEMA {
            return Err(BadRecord::Schema { got: schema });
        }
        let record: Self = serde_json::from_str(json).map_err(bad)?;
        record.validate()?;
        Ok(record)
    }

    /// One sentence for a PNG's description.
    pub fn description(&self) -> String {
        let panels: Vec<String> = self
            .panels
            .iter()
            .map(|p| format!("{} of {}, {}", p.look.layer, p.run.tag, p.look.normalisation))
            .collect();
        let minus = self.minus.as_ref().map(|minus| format!(" minus those of {}", minus.file_name));
        let mut names = vec![&*self.picture.file_name];
        for panel in self.panels.iter().filter_map(|panel| panel.picture.as_ref()) {
            if !names.contains(&&*panel.file_name) {
                names.push(&panel.file_name);
            }
        }
        let of = names.join(", ");
        format!("Feature maps of {of}{}: {}", minus.unwrap_or_default(), panels.join("; "))
    }

    fn validate(&self) -> Result<(), BadRecord> {
        if self.panels.is_empty() || self.panels.len() > MAX_PANELS {
            return Err(BadRecord::PanelCount { got: self.panels.len() });
        }
        let of_panels = self.panels.iter().filter_map(|panel| panel.picture.as_ref());
        for picture in std::iter::once(&self.picture).chain(&self.minus).chain(of_panels) {
            if picture.file_name.contains(['/', '\\']) {
                return Err(BadRecord::NotAName);
            }
            hash("picture.pixels_sha256", &picture.pixels_sha256)?;
            text("picture.file_name", &picture.file_name)?;
        }
        text("program", &self.program)?;
        text("kind", &self.kind)?;
        for panel in &self.panels {
            hash("weights_sha256", &panel.run.weights_sha256)?;
            for (field, value) in panel.texts() {
                text(field, value)?;
            }
            let (look, run) = (&panel.look, &panel.run);
            let hashed = run.weights_source_sha256.as_deref();
            hashed.map_or(Ok(()), |value| hash("weights_source_sha256", value))?;
            let not_always = [
                ("sifting", &look.selection),
                ("part", &look.part),
                ("class_map", &look.class_map),
                ("weights_part", &run.weights_part),
                ("preprocessing_from", &run.preprocessing_from),
                ("final_layer", &run.final_layer),
                ("why_final", &run.why_final),
            ];
            for (field, value) in not_always {
                value.as_deref().map_or(Ok(()), |value| text(field, value))?;
            }
            for (name, value) in &look.settings {
                text("settings", name)?;
                text("settings", value)?;
            }
        }
        Ok(())
    }
}

impl PictureRecord {
    /// The record of a decoded picture. Only the last part of `path` is kept, and control characters in it become `_`.
    pub fn new(path: &Path, width: u32, height: u32, rgb: &[u8]) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Where `/` separates folders, a name can contain the other separator.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let file_name = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
        Self { file_name, pixels_sha256: pixels_sha256(width, height, rgb) }
    }
}

/// Settings of the mosaic that have a field of their own in [`LookRecord`]: layout, normalisation and colour map.
pub const OWN_FIELDS: [&str; 3] = ["layout", "range", "colours"];

impl LookRecord {
    /// Everything about a mosaic, except the values, that its pixels depend on.
    pub fn of(mosaic: &Mosaic) -> Self {
        let geometry = &mosaic.geometry;
        Self {
            layer: mosaic.layer.clone(),
            shape: mosaic.shape.to_string(),
            layout: geometry.layout().to_string(),
            grid: geometry.grid().to_string(),
            scale: geometry.scale(),
            gap: geometry.gap(),
            normalisation: mosaic.settings.normalisation.to_string(),
            range: mosaic.range.to_string(),
            colour_map: mosaic.colour_map.to_string(),
            paper: mosaic.settings.paper.to_string(),
            selection: None,
            shown_channel: None,
            class_map: None,
            is_grid_chosen: false,
            part: None,
            settings: mosaic
                .settings
                .texts()
                .into_iter()
                .filter(|(name, _)| !OWN_FIELDS.contains(name))
                .map(|(name, text)| (name.to_owned(), text))
                .collect(),
        }
    }

    /// The mosaic's settings by name, as [`MosaicSettings::texts`](crate::mosaic::MosaicSettings::texts) writes them.
    pub fn setting_texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = OWN_FIELDS.into_iter().zip([&*self.layout, &*self.normalisation, &*self.colour_map]);
        own.chain(self.settings.iter().map(|(name, text)| (&**name, &**text)))
    }
}

impl PanelRecord {
    fn texts(&self) -> [(&'static str, &str); 18] {
        let Self { picture: _, run, look } = self;
        [
            ("tag", &run.tag),
            ("weights", &run.weights),
            ("fit", &run.fit),
            ("preprocess", &run.preprocess),
            ("fitted", &run.fitted),
            ("input_size", &run.input_size),
            ("filter", &run.filter),
            ("value_scale", &run.value_scale),
            ("engine", &run.engine),
            ("device", &run.device),
            ("layer", &look.layer),
            ("shape", &look.shape),
            ("layout", &look.layout),
            ("grid", &look.grid),
            ("normalisation", &look.normalisation),
            ("range", &look.range),
            ("colour_map", &look.colour_map),
            ("paper", &look.paper),
        ]
    }
}

/// Why a record is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadRecord {
    /// Not JSON, or not that of a record.
    #[error("the figure's record is not readable JSON: {0}")]
    Json(String),
    /// Another version's record.
    #[error("the figure's record has schema {got}; this version reads schema {SCHEMA}")]
    Schema {
        /// The schema's number in the record.
        got: u32,
    },
    /// No mosaic, or more than any sheet has.
    #[error("the figure's record describes {got} panels; expected 1 to {MAX_PANELS}")]
    PanelCount {
        /// How many panels the record has.
        got: usize,
    },
    /// A path where a name belongs.
    #[error("the figure's record names its picture by a path; expected a file name")]
    NotAName,
    /// Text that is too long, or contains control characters.
    #[error(
        "the figure's record: `{field}` must be at most {MAX_CHARS} characters without control characters"
    )]
    Text {
        /// The field's name.
        field: &'static str,
    },
    /// A text that is not a hash.
    #[error("the figure's record: `{field}` must be 64 lower-case hexadecimal digits")]
    Hash {
        /// The field's name.
        field: &'static str,
    },
}

fn text(field: &'static str, value: &str) -> Result<(), BadRecord> {
    let good = value.len() <= MAX_CHARS * 4
        && value.chars().count() <= MAX_CHARS
        && !value.contains(char::is_control);
    if good { Ok(()) } else { Err(BadRecord::Text { field }) }
}

fn hash(field: &'static str, value: &str) -> Result<(), BadRecord> {
    let is_hash = value.len() == 64 && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_hash { Ok(()) } else { Err(BadRecord::Hash { field }) }
}

/// SHA-256 of a decoded picture, in lower-case hexadecimal. What is hashed: the width, then the height, each as four little-endian
/// bytes, then the samples as given, `height · width · 3` bytes of 8-bit RGB, row-major. The same picture stored as PNG and as BMP
/// has the same hash; a transposed picture with the same bytes has another.
pub fn pixels_sha256(width: u32, height: u32, rgb: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(width.to_le_bytes());
    hasher.update(height.to_le_bytes());
    hasher.update(rgb);
    hasher.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string doesn't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
