//! Measures everything around a network on one core: decoding, Pillow's resize, statistics, painting mosaics, and all of these together.
#![expect(clippy::unwrap_used, reason = "a bench that can't run should stop")]

#[path = "../tests/it/support/hashweights.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests, which use all of it")]
mod hashweights;

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use filterscope::input::decode::decode_bytes;

use filterscope::input::{FitChoice, ValueChoice, preprocess, resize};
use filterscope::models::Registry;
use filterscope::mosaic::{MosaicSettings, Normalisation, compose};
use filterscope::tensor::{
    Activation, LayerStats, MapShape, PixelSize, PreprocessSpec, ResizeFilter, ValueScale,
};
use image::imageops::FilterType;
use image::{ImageFormat, RgbImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

fn cat_file() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/cat.png")).unwrap()
}

fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// The cat in its own size and in full HD.
fn cats() -> [RgbImage; 2] {
    let cat = decode_bytes("cat.png", &cat_file()).unwrap().rgb;
    let large = image::imageops::resize(&cat, 1920, 1080, FilterType::CatmullRom);
    [cat, large]
}

/// A last layer like InceptionV3's: 2048 maps of 8×8, half of the values zero, a tenth of the channels dead.
fn last_layer() -> Activation {
    let shape = MapShape::new(2048, 8, 8);
    let stream = hashweights::fnv1a64(b"last layer");
    let value = |at: usize| {
        if (at / shape.plane()).is_multiple_of(10) {
            0.0
        } else {
            hashweights::unit(stream, at as u64).max(0.0)
        }
    };
    Activation::new("last", shape, (0..shape.len()).map(value).collect::<Vec<f32>>()).unwrap()
}

fn group<'a>(c: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.sample_size(30).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

fn decoding(c: &mut Criterion) {
    let [cat, large] = cats();
    let mut group = group(c, "decode");
    let files = [
        ("cat.png 451x300", cat_file()),
        ("jpeg 451x300", encoded(&cat, ImageFormat::Jpeg)),
        ("jpeg 1920x1080", encoded(&large, ImageFormat::Jpeg)),
        ("png 1920x1080", encoded(&large, ImageFormat::Png)),
    ];
    for (name, file) in files {
        group.throughput(Throughput::Bytes(file.len() as u64));
        group.bench_function(name, |b| b.iter(|| decode_bytes("picture", black_box(&file)).unwrap()));
    }
    // The cost of decoding to Pillow's exact samples, compared with a decoder that was used before and whose samples differ.
    group.sample_size(10);
    for (name, width, height) in
        [("0.1 megapixels", 387, 258), ("1 megapixel", 1224, 816), ("12 megapixels", 4240, 2832)]
    {
        let picture = image::imageops::resize(&cat, width, height, FilterType::CatmullRom);
        let file = encoded(&picture, ImageFormat::Jpeg);
        group.throughput(Throughput::Elements(u64::from(width * height)));
        group.bench_function(format!("jpeg of {name}"), |b| {
            b.iter(|| decode_bytes("picture", black_box(&file)).unwrap());
        });
        group.bench_function(format!("jpeg of {name}, zune-jpeg"), |b| {
            b.iter(|| {
                let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
                let file = ZCursor::new(black_box(&file));
                JpegDecoder::new_with_options(file, options).decode().unwrap()
            });
        });
    }
}

fn resizing(c: &mut Criterion) {
    let [cat, large] = cats();
    let mut group = group(c, "resize");
    for (name, picture, side, filter) in [
        ("451x300 to 299², bilinear", &cat, 299, ResizeFilter::Bilinear),
        ("1920x1080 to 299², bilinear", &large, 299, ResizeFilter::Bilinear),
        ("1920x1080 to 224², bicubic", &large, 224, ResizeFilter::Bicubic),
    ] {
        group.throughput(Throughput::Elements(u64::from(picture.width() * picture.height())));
        group
            .bench_function(name, |b| b.iter(|| resize(black_box(picture), PixelSize::square(side), filter)));
    }
}

fn painting(c: &mut Criterion) {
    let activation = last_layer();
    let stats = LayerStats::of(&activation);
    let mut group = group(c, "mosaic of 2048 8x8");
    group.bench_function("statistics", |b| b.iter(|| LayerStats::of(black_box(&activation))));
    for (name, scale, normalisation) in [
        ("one pixel a value", 1, Normalisation::Channel),
        ("four pixels a value", 2, Normalisation::Channel),
        ("one pixel a value, one range", 1, Normalisation::Layer),
        ("one pixel a value, percentiles", 1, Normalisation::DEFAULT_PERCENTILES),
    ] {
        let settings = MosaicSettings { scale, normalisation, ..MosaicSettings::default() };
        group
            .bench_function(name, |b| b.iter(|| compose(black_box(&activation), &stats, &settings).unwrap()));
    }
}

fn all_in_a_row(c: &mut Criterion) {
    // Bilinear to 299×299, as for the figures in docs/BENCHMARKS.md.
    let row = Registry::find("xception.keras_in1k").unwrap();
    let spec = PreprocessSpec { filter: ResizeFilter::Bilinear, scale: ValueScale::UNIT, ..row.preprocess };
    let activation = last_layer();
    let settings = MosaicSettings { scale: 2, ..MosaicSettings::default() };
    let cat = cats()[0].clone();
    let mut group = group(c, "decode, resize, statistics, mosaic");
    for (name, file) in [("cat.png", cat_file()), ("cat.jpg", encoded(&cat, ImageFormat::Jpeg))] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let picture = decode_bytes("cat", black_box(&file)).unwrap();
                let input = preprocess(&picture.rgb, &spec, FitChoice::Model, ValueChoice::Model).unwrap();
                let stats = LayerStats::of(&activation);
                (input, compose(&activation, &stats, &settings).unwrap())
            });
        });
    }
}

fn on_one_core(c: &mut Criterion) {
    // One thread, so that wall time equals CPU time.
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().unwrap();
    decoding(c);
    resizing(c);
    painting(c);
    all_in_a_row(c);
}

criterion_group!(benches, on_one_core);
criterion_main!(benches);
