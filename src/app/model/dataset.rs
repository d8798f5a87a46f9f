//! An open folder or log: its current frame, its thumbnails, its labels over time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::input::dataset::{Camera, Label, Source};
use crate::render::PictureChoice;

/// Playback through layers, or through the frames of a data set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Playing {
    /// When the next layer or frame is due, in seconds of the window's own time.
    pub(crate) next_secs: f64,
}

/// A data set's labels over its frames.
pub(crate) struct LabelLines {
    pub(crate) source: Arc<dyn Source>,
    /// Each label's name, and its points (frame, value) in order of frames.
    pub(crate) lines: Vec<(String, Vec<[f64; 2]>)>,
}

/// The picture of a data set's current frame.
pub(crate) fn frame(open: &OpenSource) -> PictureChoice {
    PictureChoice::Frame {
        source: Arc::clone(&open.source),
        place: open.place.clone(),
        index: open.index,
        camera: open.camera,
    }
}

/// The time from which on a data set is watched that was being listed, or arrived, at `time`: two seconds earlier, because listing takes
/// time and some file systems' clocks are as coarse. A file added in between is reported again, which does no harm.
pub(crate) fn listed_by(time: SystemTime) -> SystemTime {
    time.checked_sub(Duration::from_secs(2)).unwrap_or(time)
}

/// Identifies the thumbnail of a frame.
#[derive(Clone)]
pub(crate) struct ThumbKey {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) index: usize,
    pub(crate) camera: Option<Camera>,
}

impl PartialEq for ThumbKey {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && (self.index, self.camera) == (other.index, other.camera)
    }
}

/// The key of the thumbnail of a frame.
pub(crate) fn thumb_key(open: &OpenSource, index: usize) -> ThumbKey {
    ThumbKey { source: Arc::clone(&open.source), index, camera: open.camera }
}

/// A label of a frame as it is shown: numbers with a true minus sign, as all other values.
pub(crate) fn label_words(label: &Label) -> String {
    match label {
        Label::Number(_) => label.to_string().replace('-', "−"),
        Label::Text(_) | Label::Missing => label.to_string(),
    }
}

/// The numeric labels of a data set, each as a name and points (frame, value), thinned out to what a screen can show.
pub(crate) fn label_lines(source: &dyn Source) -> Vec<(String, Vec<[f64; 2]>)> {
    /// Number of buckets that a line is cut into; each keeps its smallest and largest value, so that no peak is lost.
    const NUM_BUCKETS: usize = 2000;
    let names = source.label_names();
    let mut buckets: Vec<HashMap<usize, [[f64; 2]; 2]>> = vec![HashMap::new(); names.len()];
    let len = source.len().max(1);
    for index in 0..source.len() {
        let Some(sample) = source.sample(index) else { continue };
        let bucket = index * NUM_BUCKETS.min(len) / len;
        for (lines, label) in buckets.iter_mut().zip(&sample.labels) {
            let Some(value) = label.number().filter(|value| value.is_finite()) else { continue };
            let point = [index as f64, value];
            let kept = lines.entry(bucket).or_insert([point, point]);
            if value < kept[0][1] {
                kept[0] = point;
            }
            if value > kept[1][1] {
                kept[1] = point;
            }
        }
    }
    names
        .iter()
        .zip(buckets)
        .filter(|(_, line)| !line.is_empty())
        .map(|(name, line)| {
            let mut points: Vec<[f64; 2]> = line.into_values().flatten().collect();
            points.sort_by(|a, b| a[0].total_cmp(&b[0]));
            points.dedup();
            (name.clone(), points)
        })
        .collect()
}

/// Whether an open data set is the watched folder.
pub(crate) fn is_watched(watched: Option<&Path>, open: &OpenSource) -> bool {
    open.from.files.is_empty() && watched == Some(open.place.as_path())
}

/// What a data set was opened from, besides its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpenedFrom {
    /// The column of a table that holds the pictures' paths, if the user chose it.
    pub(crate) path_column: Option<String>,
    /// For a set of files, the files; its place is then the folder that they are in.
    pub(crate) files: Vec<PathBuf>,
}

/// An open folder or log.
#[derive(Clone)]
pub(crate) struct OpenSource {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) place: PathBuf,
    pub(crate) from: OpenedFrom,
    /// When its contents were listed.
    pub(crate) listed: SystemTime,
    pub(crate) index: usize,
    pub(crate) camera: Option<Camera>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::dataset::{About, Label, Sample};

    /// Frames with one number each, and one text.
    #[derive(Debug)]
    struct Long(usize, About);

    fn labelled(names: &[&str]) -> About {
        About { label_names: names.iter().map(|name| (*name).to_owned()).collect(), ..About::default() }
    }

    impl Source for Long {
        fn kind(&self) -> &'static str {
            "log"
        }

        fn describe(&self) -> String {
            String::new()
        }

        fn len(&self) -> usize {
            self.0
        }

        fn sample(&self, index: usize) -> Option<Sample> {
            let value = match index {
                777 => Label::Number(5.0),
                778 => Label::Missing,
                _ => Label::Number(0.5),
            };
            let labels = vec![value, Label::Text("road".into())];
            Some(Sample { row: index, id: String::new(), timestamp_ns: None, views: Vec::new(), labels })
        }

        fn about(&self) -> &About {
            &self.1
        }

        fn index_of_row(&self, row: usize) -> Option<usize> {
            Some(row)
        }
    }

    #[test]
    fn a_long_log_is_thinned_without_losing_a_peak_and_words_have_no_line() {
        let source =
            Long(100_000, About { label_names: vec!["angle".into(), "place".into()], ..About::default() });
        let lines = label_lines(&source);
        assert_eq!(lines.len(), 1);
        let (name, points) = &lines[0];
        assert_eq!(name, "angle");
        assert!(points.len() <= 4000 && points.contains(&[777.0, 5.0]), "{} points", points.len());
        assert!(points.is_sorted_by(|a, b| a[0] <= b[0]));
        assert_eq!(label_lines(&Long(3, labelled(&["angle"])))[0].1.len(), 3);
    }
}
