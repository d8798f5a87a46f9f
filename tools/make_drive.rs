//! Renders `assets/drive/`: a short made-up drive with a log like Udacity's, whose steering angles fit the road.
//!
//! The road is an S of two bends. The car stays in the right lane and is steered by the bicycle model: at each moment the road wheels'
//! angle is `atan(wheelbase · curvature of its path)`, so the logged angles agree with the pictures. Three cameras look ahead over flat
//! ground: a pixel below the horizon is projected onto the ground and coloured by its distance from the road's middle.
//! Everything is computed from constants and hashes, so a rerun gives the same bytes.
//!
//! `cargo run --example make_drive -- assets/drive`
//!
//! With a number of moments, a longer drive at ten moments a second, on a road of many bends: for trying `probe`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;
const SPEED_M_S: f64 = 12.0;
const START_NS: u64 = 1_500_000_000_000_000_000;
/// Distance between the axles in metres.
const WHEELBASE_M: f64 = 2.85;
/// The steering wheel's angle divided by the road wheels'. Udacity logs the steering wheel's angle.
const STEERING_RATIO: f64 = 14.8;
const LANE_M: f64 = 3.5;
/// Distance of the car's middle from the road's middle, positive to the left.
const CAR_LEFT_M: f64 = -LANE_M / 2.0;
const CAMERA_HEIGHT_M: f64 = 1.35;
const FOCAL_PX: f64 = 235.0;
const HORIZON_ROW: f64 = 96.0;
/// Each camera's name in the log, its folder, its distance to the left of the car's middle in metres, and its delay after the left
/// camera in nanoseconds.
const CAMERAS: [(&str, &str, f64, u64); 3] = [
    ("left_camera", "left", 0.55, 0),
    ("center_camera", "center", 0.0, 4_200_000),
    ("right_camera", "right", -0.55, 8_100_000),
];

/// How long a drive is and how often the cameras look.
#[derive(Clone, Copy)]
struct Drive {
    num_moments: usize,
    step_ns: u64,
    /// Whether bends follow each other to the end, and not only two.
    is_long: bool,
}

impl Drive {
    /// Distance between two moments in metres.
    fn step_m(self) -> f64 {
        self.step_ns as f64 * 1e-9 * SPEED_M_S
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder: PathBuf = std::env::args_os().nth(1).ok_or("usage: make_drive FOLDER [MOMENTS]")?.into();
    let drive = match std::env::args().nth(2) {
        Some(moments) => Drive { num_moments: moments.parse()?, step_ns: 100_000_000, is_long: true },
        None => Drive { num_moments: 24, step_ns: 500_000_000, is_long: false },
    };
    let mut log =
        "index,timestamp,width,height,frame_id,filename,angle,torque,speed,lat,long,alt\n".to_owned();
    for (frame_id, camera, ..) in CAMERAS {
        debug_assert!(frame_id.starts_with(camera));
        std::fs::create_dir_all(folder.join(camera))?;
    }
    let road = Road::new(drive);
    for moment in 0..drive.num_moments {
        for (frame_id, camera, offset_m, delay_ns) in CAMERAS {
            let timestamp = START_NS + moment as u64 * drive.step_ns + delay_ns;
            let at_m = moment as f64 * drive.step_m() + delay_ns as f64 * 1e-9 * SPEED_M_S;
            let file = format!("{camera}/{timestamp}.jpg");
            let mut jpeg = Vec::new();
            JpegEncoder::new_with_quality(&mut jpeg, 88).encode_image(&road.picture(at_m, offset_m))?;
            std::fs::File::create(folder.join(&file))?.write_all(&jpeg)?;
            let path_curvature = curvature(drive, at_m) / (1.0 - curvature(drive, at_m) * CAR_LEFT_M);
            let angle = STEERING_RATIO * (WHEELBASE_M * path_curvature).atan();
            let (x, y, _) = road.pose(at_m);
            writeln!(
                log,
                "{},{timestamp},{WIDTH},{HEIGHT},{frame_id},{file},{angle:.6},{:.4},{SPEED_M_S:.4},{:.7},{:.7},{:.3}",
                date(timestamp),
                angle * 0.8,
                y / 111_320.0,
                x / 111_320.0,
                10.0
            )?;
        }
    }
    std::fs::write(folder.join("interpolated.csv"), log)?;
    Ok(())
}

/// The value of the log's index column. The day is 14 July 2017, the day of [`START_NS`].
fn date(timestamp_ns: u64) -> String {
    let (seconds, rest) = (timestamp_ns / 1_000_000_000 % 86_400, timestamp_ns % 1_000_000_000);
    format!("2017-07-14 {:02}:{:02}:{:02}.{rest:09}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Curvature of the road's middle in 1/m at a distance along the road; left is positive, as in the log.
fn curvature(drive: Drive, at_m: f64) -> f64 {
    let bend = |middle: f64, half_length: f64| {
        let t = (at_m - middle) / half_length;
        if t.abs() < 1.0 { 0.5 + 0.5 * (t * std::f64::consts::PI).cos() } else { 0.0 }
    };
    if drive.is_long {
        // A bend every 60 m, left or right, of a radius from 35 m on.
        let near = (at_m / 60.0).floor() as i64;
        let one = |number: i64| {
            let strength = hash(number, 17) * 2.0 - 1.0;
            strength / 35.0 * bend((number as f64 + 0.5) * 60.0, 45.0)
        };
        return (near - 1..=near + 1).map(one).sum();
    }
    bend(45.0, 45.0) / 38.0 - bend(118.0, 42.0) / 30.0
}

/// The road's middle line, as points a quarter of a metre apart.
struct Road {
    /// East, north and heading (radians, counter-clockwise) from [`Self::FIRST_M`] on.
    points: Vec<(f64, f64, f64)>,
}

impl Road {
    const FIRST_M: f64 = -10.0;
    const SPACING_M: f64 = 0.25;

    fn new(drive: Drive) -> Self {
        let num_points = ((drive.num_moments as f64 * drive.step_m() + 160.0) / Self::SPACING_M) as usize;
        let (mut x, mut y, mut heading) = (0.0f64, Self::FIRST_M, std::f64::consts::FRAC_PI_2);
        let points = (0..num_points)
            .map(|i| {
                let here = (x, y, heading);
                x += Self::SPACING_M * heading.cos();
                y += Self::SPACING_M * heading.sin();
                heading +=
                    Self::SPACING_M * curvature(drive, Self::FIRST_M + (i as f64 + 0.5) * Self::SPACING_M);
                here
            })
            .collect();
        Self { points }
    }

    fn index(at_m: f64) -> f64 {
        (at_m - Self::FIRST_M) / Self::SPACING_M
    }

    /// East, north and heading at a distance along the road.
    fn pose(&self, at_m: f64) -> (f64, f64, f64) {
        let index = Self::index(at_m);
        let (i, t) = (index as usize, index.fract());
        let (a, b) = (self.points[i], self.points[i + 1]);
        (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t, a.2 + (b.2 - a.2) * t)
    }

    /// Position of a point relative to the road: the distance along it and the distance to the left of its middle. The point must be near
    /// the road ahead of `from_m`; `None` if it is far off.
    fn place(&self, x: f64, y: f64, from_m: f64) -> Option<(f64, f64)> {
        let first = Self::index(from_m - 4.0).max(0.0) as usize;
        let last = (Self::index(from_m + 110.0) as usize).min(self.points.len());
        let squared = |p: &(f64, f64, f64)| (p.0 - x).powi(2) + (p.1 - y).powi(2);
        let nearest = |range: std::ops::Range<usize>, step: usize| {
            range.step_by(step).min_by(|&a, &b| squared(&self.points[a]).total_cmp(&squared(&self.points[b])))
        };
        let rough = nearest(first..last, 16)?;
        let i = nearest(rough.saturating_sub(16).max(first)..(rough + 17).min(last), 1)?;
        let (px, py, heading) = self.points[i];
        let (dx, dy) = (x - px, y - py);
        let along = dx * heading.cos() + dy * heading.sin();
        let left = dy * heading.cos() - dx * heading.sin();
        (squared(&self.points[i]) < 40.0f64.powi(2))
            .then_some((Self::FIRST_M + i as f64 * Self::SPACING_M + along, left))
    }

    /// The picture of a camera at a distance along the road. The camera is `offset_m` metres to the left of the car's middle.
    fn picture(&self, at_m: f64, offset_m: f64) -> RgbImage {
        let (x, y, heading) = self.pose(at_m);
        let left_m = CAR_LEFT_M + offset_m;
        let (eye_x, eye_y) = (x - left_m * heading.sin(), y + left_m * heading.cos());
        RgbImage::from_fn(WIDTH, HEIGHT, |column, row| {
            // Four samples for each pixel, because distant lane lines are thinner than a pixel.
            let mut sum = [0.0; 3];
            for (dx, dy) in [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)] {
                let right = (f64::from(column) + dx - f64::from(WIDTH) / 2.0) / FOCAL_PX;
                let down = (f64::from(row) + dy - HORIZON_ROW) / FOCAL_PX;
                let colour = if down <= 0.004 {
                    sky(right, down, heading)
                } else {
                    let ahead = CAMERA_HEIGHT_M / down;
                    let (forward, left) = (ahead, -right * ahead);
                    let gx = eye_x + forward * heading.cos() - left * heading.sin();
                    let gy = eye_y + forward * heading.sin() + left * heading.cos();
                    haze(self.ground(gx, gy, at_m), ahead)
                };
                for (sum, c) in sum.iter_mut().zip(colour) {
                    *sum += c / 4.0;
                }
            }
            Rgb(sum.map(|c| c.clamp(0.0, 255.0) as u8))
        })
    }

    fn ground(&self, x: f64, y: f64, from_m: f64) -> [f64; 3] {
        let grain = noise(x * 1.7, y * 1.7) * 0.6 + noise(x * 7.0, y * 7.0) * 0.4 - 0.5;
        let grass = {
            let patch = noise(x * 0.13, y * 0.13);
            [70.0 + 34.0 * patch + 30.0 * grain, 108.0 + 18.0 * patch + 34.0 * grain, 52.0 + 20.0 * grain]
        };
        let Some((along, left)) = self.place(x, y, from_m) else { return grass };
        let dash = along.rem_euclid(9.0) < 4.0;
        match left.abs() {
            side if side < 0.09 && dash => [232.0, 206.0, 96.0],
            side if (LANE_M - 0.32..LANE_M - 0.16).contains(&side) => [226.0, 226.0, 220.0],
            side if side < LANE_M => [96.0, 96.0, 100.0].map(|c| c + 26.0 * grain),
            side if side < LANE_M + 1.3 => [142.0, 126.0, 100.0].map(|c| c + 44.0 * grain),
            _ => grass,
        }
    }
}

/// Colour of the sky: a gradient, with hills whose outline moves when the car turns.
fn sky(right: f64, down: f64, heading: f64) -> [f64; 3] {
    let bearing = right.atan() - heading;
    let hill = 0.035 + 0.05 * noise(bearing * 5.0 + 40.0, 0.5) + 0.02 * noise(bearing * 23.0 + 90.0, 1.5);
    if -down < hill {
        let shade = noise(bearing * 60.0, down * 70.0) * 14.0;
        return [118.0 + shade, 136.0 + shade, 140.0 + shade * 0.6];
    }
    let up = (-down / 0.45).min(1.0);
    let cloud =
        (noise(bearing * 6.0, down * 22.0) * 0.7 + noise(bearing * 14.0, down * 50.0) * 0.3 - 0.52).max(0.0);
    [196.0 - 84.0 * up, 216.0 - 56.0 * up, 234.0 - 14.0 * up].map(|c: f64| c + (250.0 - c) * cloud * 1.8)
}

/// Fades the colour of the ground into the hills' colour with the distance ahead.
fn haze(colour: [f64; 3], ahead_m: f64) -> [f64; 3] {
    let share = 1.0 - (-ahead_m / 140.0).exp();
    let far = [150.0, 164.0, 160.0];
    std::array::from_fn(|i| colour[i] + (far[i] - colour[i]) * share)
}

/// Value noise in [0, 1]: hashed lattice points, smoothly interpolated.
fn noise(x: f64, y: f64) -> f64 {
    let (x0, y0) = (x.floor(), y.floor());
    let smooth = |t: f64| t * t * (3.0 - 2.0 * t);
    let (u, v) = (smooth(x - x0), smooth(y - y0));
    let at = |dx: f64, dy: f64| hash((x0 + dx) as i64, (y0 + dy) as i64);
    let (top, bottom) =
        (at(0.0, 0.0) * (1.0 - u) + at(1.0, 0.0) * u, at(0.0, 1.0) * (1.0 - u) + at(1.0, 1.0) * u);
    top * (1.0 - v) + bottom * v
}

fn hash(x: i64, y: i64) -> f64 {
    let mut h =
        (x as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (y as u64).wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    h = (h ^ (h >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    f64::from((h ^ (h >> 29)) as u32) / f64::from(u32::MAX)
}
