//! The ending of a file's name: whether it promises another format than the one that is written.

use std::path::Path;

/// Endings that name a format. Names of networks and layers contain dots too, so any other text after a dot belongs to the name.
const FORMATS: &[&str] = &[
    "ai",
    "apng",
    "avi",
    "avif",
    "bmp",
    "csv",
    "dib",
    "doc",
    "docx",
    "emf",
    "eps",
    "exr",
    "gif",
    "h5",
    "hdf5",
    "hdr",
    "heic",
    "heif",
    "htm",
    "html",
    "ico",
    "j2k",
    "jfif",
    "jp2",
    "jpe",
    "jpeg",
    "jpg",
    "json",
    "jxl",
    "keras",
    "mat",
    "md",
    "mkv",
    "mov",
    "mp4",
    "npy",
    "npz",
    "odg",
    "odp",
    "odt",
    "onnx",
    "parquet",
    "pbm",
    "pdf",
    "pgm",
    "pickle",
    "pkl",
    "png",
    "pnm",
    "ppm",
    "ppt",
    "pptx",
    "ps",
    "psd",
    "pt",
    "pth",
    "qoi",
    "raw",
    "safetensors",
    "svg",
    "svgz",
    "tex",
    "tga",
    "tif",
    "tiff",
    "tsv",
    "txt",
    "webm",
    "webp",
    "wmf",
    "xcf",
    "xls",
    "xlsx",
    "yaml",
    "zip",
];

/// The ending of a name that promises another format than `written` (an ending without its dot), such as `pdf`.
#[must_use]
pub fn other_ending<'a>(path: &'a Path, written: &str) -> Option<&'a str> {
    let ending = path.extension()?.to_str()?;
    let is = |format: &str| ending.eq_ignore_ascii_case(format);
    (!is(written) && FORMATS.iter().any(|format| is(format))).then_some(ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_of_another_format_is_found_and_a_dotted_name_has_none() {
        let other = |name: &'static str| other_ending(Path::new(name), "png");
        for (name, ending) in [("sheet.pdf", "pdf"), ("a.JPG", "JPG"), ("x/a.b.svg", "svg"), ("a.npy", "npy")]
        {
            assert_eq!(other(name), Some(ending), "{name}");
        }
        for name in
            ["a.png", "a.PNG", "a", "cat__vgg16.tv_in1k", "cat__features.30", "x.bn1.act", ".png", "a."]
        {
            assert_eq!(other(name), None, "{name}");
        }
        assert_eq!(other_ending(Path::new("a.png"), "npy"), Some("png"));
    }
}
