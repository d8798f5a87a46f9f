//! Damages weight files at random and reads them. Whatever the bytes, a reader must return a result or an error.
//!
//!     cargo run --release --example fuzz_readers -- SECONDS FILE...
//!
//! Works on stable Rust, without instrumentation: the damage uses values that are typical of sizes and counts, and files are small.
//! After a panic, an abort or an allocation beyond the limit, the damaged file is in `fuzz-last`, and `--again` reads it once more. Each
//! bug found becomes a case of `tests/it/weights/broken.rs`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a tool for a developer's terminal"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use filterscope::engine::Backbone;
use filterscope::tensor::PixelSize;
use filterscope::weights::{BoundWeights, ONNX_HEAD, OnnxNet, TensorFile};

/// Typical and extreme values of sizes, offsets and counts.
const TELLING: [u64; 12] =
    [0, 1, 2, 7, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, u64::MAX];

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn damage(bytes: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(7) {
            0 => bytes.truncate(at),
            1 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
            2 | 3 => {
                let width = [1, 2, 4, 8][random.below(4)];
                let value = TELLING[random.below(TELLING.len())].to_le_bytes();
                bytes.iter_mut().skip(at).take(width).zip(value).for_each(|(byte, new)| *byte = new);
            }
            4 => {
                let length = random.below(64).min(bytes.len() - at);
                let piece = bytes[at..at + length].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            5 => drop(bytes.drain(at..(at + random.below(32)).min(bytes.len()))),
            _ => {
                let other = &others[random.below(others.len())];
                let (from, length) = (random.below(other.len()), random.below(256));
                bytes.splice(at..at, other[from..(from + length).min(other.len())].iter().copied());
            }
        }
        if bytes.is_empty() {
            return;
        }
    }
}

fn try_bytes(bytes: &[u8]) {
    if let Ok(net) = OnnxNet::from_bytes(bytes.to_vec(), "fuzz") {
        for side in [1, 64, 331] {
            let _ = net.graph.infer(PixelSize::square(side));
        }
        let _ = BoundWeights::bind(&net.graph, "fuzz", &net.tensors, ONNX_HEAD);
    }
    if let Ok(file) = TensorFile::from_bytes(bytes.to_vec(), "fuzz") {
        let _ = Backbone::specs_for(&file);
        let names: Vec<String> = file.names().map(str::to_owned).collect();
        for name in names {
            let _ = file.tensor(&name);
        }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next().unwrap_or_default();
    let last = PathBuf::from("fuzz-last");
    if first == "--again" {
        try_bytes(&std::fs::read(last).unwrap());
        return;
    }
    let seconds: u64 = first.parse().unwrap_or_else(|_| panic!("usage: fuzz_readers SECONDS FILE..."));
    let seeds: Vec<Vec<u8>> = arguments.map(|path| std::fs::read(path).unwrap()).collect();
    let mut random = Random(std::process::id().into());
    let (start, mut num_tries, mut num_read) = (Instant::now(), 0u64, 0u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        let mut bytes = seeds[random.below(seeds.len())].clone();
        damage(&mut bytes, &seeds, &mut random);
        std::fs::write(&last, &bytes).unwrap();
        let before = Instant::now();
        try_bytes(&bytes);
        num_read += u64::from(TensorFile::from_bytes(bytes, "fuzz").is_ok());
        assert!(before.elapsed() < Duration::from_secs(10), "one file took {:?}", before.elapsed());
        num_tries += 1;
    }
    println!("{num_tries} files in {:?}, {num_read} of them still readable; nothing found", start.elapsed());
    std::fs::remove_file(last).unwrap();
}
