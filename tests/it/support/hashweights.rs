//! Deterministic weights for structural tests: the same numbers as `tests/fixtures/structural/hashweights.py` computes.

/// FNV-1a, 64 bits.
pub fn fnv1a64(s: &[u8]) -> u64 {
    s.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Value `i` of the stream named by its hash `h`.
pub fn raw_u64(h: u64, i: u64) -> u64 {
    let z = h.wrapping_add((i.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Value `i` of the stream as a number in [-1, 1), exact in f32.
pub fn unit(h: u64, i: u64) -> f32 {
    ((raw_u64(h, i) >> 40) as i64 - (1 << 23)) as f32 * (1.0 / 8_388_608.0)
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    Mean,
    Var,
    Bias,
    Gamma,
    Kernel,
}

fn leaf(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

pub fn kind(name: &str, shape: &[usize]) -> Kind {
    match leaf(name) {
        "running_mean" | "moving_mean" => Kind::Mean,
        "running_var" | "moving_variance" => Kind::Var,
        "bias" | "beta" => Kind::Bias,
        "gamma" => Kind::Gamma,
        "weight" if shape.len() == 1 => Kind::Gamma,
        _ => Kind::Kernel,
    }
}

pub fn fan_in(name: &str, shape: &[usize]) -> usize {
    match leaf(name) {
        "depthwise_kernel" => shape[0] * shape[1],
        "kernel" | "pointwise_kernel" => shape[..shape.len() - 1].iter().product(),
        _ => shape[1..].iter().product(),
    }
}

pub fn tensor(name: &str, shape: &[usize], gain: u32) -> Vec<f32> {
    let h = fnv1a64(name.as_bytes());
    let n: usize = shape.iter().product();
    let k = kind(name, shape);
    let a =
        if k == Kind::Kernel { (f64::from(gain) / fan_in(name, shape) as f64).sqrt() as f32 } else { 0.0 };
    (0..n as u64)
        .map(|i| {
            let v = unit(h, i);
            match k {
                Kind::Mean | Kind::Bias => 0.1f32 * v,
                Kind::Var => 1.0f32 + 0.5f32 * v,
                Kind::Gamma => 1.0f32 + 0.25f32 * v,
                Kind::Kernel => a * v,
            }
        })
        .collect()
}

/// An input of noise with the shape [1, 3, h, w], in NCHW order.
pub fn noise_input(h: usize, w: usize) -> Vec<f32> {
    let s = fnv1a64(format!("input:{h}x{w}").as_bytes());
    let mut out = Vec::with_capacity(3 * h * w);
    for c in 0..3 {
        for y in 0..h {
            for x in 0..w {
                let v = unit(s, out.len() as u64);
                let ramp = (((y * (c + 1) + 2 * x) % 64) as f64 / 64.0 - 0.5) as f32;
                out.push(0.5f32 * v + ramp);
            }
        }
    }
    out
}

/// FNV-1a 64 of the little-endian bytes of the first 256 values: the field `fnv256` of `params.json`.
pub fn fnv256(v: &[f32]) -> String {
    let b: Vec<u8> = v.iter().take(256).flat_map(|x| x.to_le_bytes()).collect();
    format!("{:016x}", fnv1a64(&b))
}

#[test]
fn reference_values_of_the_python_twin() {
    assert_eq!(fnv1a64(b"a"), 0xaf63_dc4c_8601_ec8c);
    let h = fnv1a64(b"conv1.weight");
    assert_eq!(h, 0x69a2_9a2c_ee47_d254);
    assert_eq!(raw_u64(h, 2), 0x05de_32ee_ed3c_84ab);
    let t = tensor("conv1.weight", &[64, 3, 7, 7], 6);
    assert_eq!([t[0].to_bits(), t[1].to_bits(), t[2].to_bits()], [0x3c95_337c, 0x3dca_e01f, 0xbe45_652c]);
    assert_eq!(noise_input(97, 131)[..3], [-0.600_962_9, -0.349_517_88, -0.708_387_6]);
}
