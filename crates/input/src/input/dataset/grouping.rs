//! Groups pictures of several cameras into frames, by their times.
//!
//! Owns the rule. Must not know logs or files.

use super::Camera;

/// Half of the usual time between two pictures of a camera, if the log doesn't show it: Udacity's cameras run at 20 Hz.
const USUAL_BOUND_NS: u64 = 25_000_000;
/// Pictures further apart than this belong to two frames, however slow the cameras are.
const MAX_BOUND_NS: u64 = 100_000_000;
/// How many steps between a camera's pictures are needed to determine its period.
const MIN_STEPS: usize = 3;

/// A picture's time in nanoseconds, and its index in the log.
type Timed = (u64, usize);

/// Groups pictures into frames. Each picture of the centre camera begins a frame (if there is no centre camera, each picture of the
/// camera with the most pictures). From every other camera the frame takes the picture that is nearest in time, if the frame's first
/// picture is also the nearest to that one and they are no further apart than half the time between two pictures. The remaining
/// pictures are grouped in the same way, so that a dropped picture shifts no other. Frames come in the order of their first pictures,
/// each as a list of indices in order.
pub(super) fn group(pictures: &[(u64, Camera)]) -> Vec<Vec<usize>> {
    let mut cameras: Vec<(Camera, Vec<Timed>)> = Vec::new();
    for (place, (time, camera)) in pictures.iter().enumerate() {
        match cameras.iter_mut().find(|(known, _)| known == camera) {
            Some((_, of_camera)) => of_camera.push((*time, place)),
            None => cameras.push((*camera, vec![(*time, place)])),
        }
    }
    for (_, of_camera) in &mut cameras {
        of_camera.sort_unstable();
    }
    let bound = bound_ns(cameras.iter().map(|(_, of_camera)| &**of_camera));
    let mut frames: Vec<Vec<usize>> = Vec::new();
    while let Some(at) = first_camera(&cameras) {
        let (_, first) = cameras.swap_remove(at);
        let start = frames.len();
        frames.extend(first.iter().map(|(_, place)| vec![*place]));
        for (_, other) in &mut cameras {
            let mut left = Vec::new();
            for (index, picture) in other.iter().enumerate() {
                match partner(&first, other, index, bound).and_then(|at| frames.get_mut(start + at)) {
                    Some(frame) => frame.push(picture.1),
                    None => left.push(*picture),
                }
            }
            *other = left;
        }
        cameras.retain(|(_, left)| !left.is_empty());
    }
    for frame in &mut frames {
        frame.sort_unstable();
    }
    frames.sort_unstable();
    frames
}

/// The camera whose pictures begin frames.
fn first_camera(cameras: &[(Camera, Vec<Timed>)]) -> Option<usize> {
    let center = cameras.iter().position(|(camera, _)| *camera == Camera::Center);
    // If two cameras have equally many pictures, the first in the log.
    center.or_else(|| (0..cameras.len()).rev().max_by_key(|at| cameras.get(*at).map(|(_, all)| all.len())))
}

/// Half the period of the fastest camera, within the limits.
fn bound_ns<'a>(cameras: impl Iterator<Item = &'a [Timed]>) -> u64 {
    let mut all = Vec::new();
    let mut shortest: Option<u64> = None;
    for of_camera in cameras {
        let mut steps: Vec<u64> =
            of_camera.windows(2).map(|two| two[1].0 - two[0].0).filter(|step| *step > 0).collect();
        if steps.len() >= MIN_STEPS {
            let period = median(&mut steps);
            shortest = Some(shortest.map_or(period, |shortest| shortest.min(period)));
        }
        all.extend(steps);
    }
    let period = shortest.or_else(|| (!all.is_empty()).then(|| median(&mut all)));
    period.map_or(USUAL_BOUND_NS, |period| (period / 2).min(MAX_BOUND_NS))
}

/// The median; of an even number of steps, the lower of the two in the middle. There must be at least one.
fn median(steps: &mut [u64]) -> u64 {
    let middle = (steps.len() - 1) / 2;
    *steps.select_nth_unstable(middle).1
}

/// The index in `first` of the picture that belongs to the same frame as a picture of another camera.
fn partner(first: &[Timed], other: &[Timed], index: usize, bound: u64) -> Option<usize> {
    let time = other.get(index)?.0;
    let at = nearest(first, time)?;
    let there = first.get(at)?.0;
    (there.abs_diff(time) <= bound && nearest(other, there) == Some(index)).then_some(at)
}

/// The index of the picture nearest to a time; of several, the first.
fn nearest(pictures: &[Timed], time: u64) -> Option<usize> {
    let after = pictures.partition_point(|(there, _)| *there < time);
    let before = after.checked_sub(1).and_then(|at| pictures.get(at)).map(|(there, _)| *there);
    // Of several pictures with the same time, the first is taken.
    let before = before.map(|there| (time - there, pictures.partition_point(|(other, _)| *other < there)));
    let after = pictures.get(after).map(|(there, _)| (there - time, after));
    before.into_iter().chain(after).min_by_key(|(distance, _)| *distance).map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAMERAS: [Camera; 3] = [Camera::Left, Camera::Center, Camera::Right];

    /// Three cameras with a period, each a little later than the one before, without some of their pictures (frame, camera).
    fn drive(period: u64, offset: u64, without: &[(u64, usize)]) -> Vec<(u64, Camera)> {
        let mut pictures = Vec::new();
        for frame in 0..8 {
            for (at, camera) in CAMERAS.into_iter().enumerate() {
                if !without.contains(&(frame, at)) {
                    pictures.push((1_000_000_000 + frame * period + at as u64 * offset, camera));
                }
            }
        }
        pictures
    }

    #[test]
    fn a_dropped_picture_shifts_nobody() {
        for (period, offset) in [(50_000_000, 4_000_000), (20_000_000, 4_000_000), (33_000_000, 7_000_000)] {
            for camera in 0..3 {
                for frame in 0..8 {
                    let pictures = drive(period, offset, &[(frame, camera), (5, 0), (6, 0)]);
                    let frames = group(&pictures);
                    assert_eq!(frames.len(), 8, "{period}: camera {camera} of moment {frame}");
                    for (number, places) in (0u64..).zip(&frames) {
                        for place in places {
                            let began = (pictures[*place].0 - 1_000_000_000) / period;
                            assert_eq!(began, number, "{period}: camera {camera} of moment {frame}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn pictures_of_one_time_and_slow_cameras_are_told_apart() {
        let of = |pictures: &[(u64, Camera)]| group(pictures);
        let (left, center) = (Camera::Left, Camera::Center);
        assert_eq!(of(&[(5, left), (5, left), (5, center)]), [vec![0, 2], vec![1]]);
        assert_eq!(of(&[(0, left), (24_000_000, center)]), [vec![0, 1]]);
        assert_eq!(of(&[(0, left), (26_000_000, center)]), [vec![0], vec![1]]);
        // One picture per second: pictures a third of a second apart are of different frames.
        let slow: Vec<(u64, Camera)> = (0..8)
            .flat_map(|at| [(at * 1_000_000_000, left), (at * 1_000_000_000 + 300_000_000, center)])
            .collect();
        assert_eq!(of(&slow).len(), 16);
        assert!(of(&[]).is_empty());
    }
}
