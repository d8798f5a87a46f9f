//! Depthwise convolutions that read each column once, against those that slide a window.

use super::*;

/// All widths, so that tiles overlap, end at the edge and lie inside; borders as wide as a kernel can have.
#[test]
fn columns_that_are_read_once_give_the_sums_of_a_window() {
    let mut dice = Dice(31);
    for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (5, 2), (7, 1)] {
        for width in 1..=20 {
            let conv =
                Conv2d::depthwise(20, kernel).with_stride(stride).with_padding(Padding::Same).with_bias();
            let case = Case::new(&mut dice, conv, MapShape::new(20, 6, width)).unwrap();
            let x = Plain::random(&mut dice, 2, MapShape::new(20, 6, width)).blocked();
            for level in levels() {
                let run = |is_finite: bool| {
                    let mut packed = PackedDepthwise::new(&case.kernel, case.bias.as_deref(), 20);
                    assert!(packed.is_finite);
                    packed.is_finite = is_finite;
                    let mut out = stale(2, case.out);
                    let window = Window::of(&case.conv, case.border);
                    let function = Some(ActivationFn::HardSwish);
                    on(level, |cores| {
                        depthwise(cores, x.read(), &packed, window, function, &mut out.write());
                    });
                    assert_lanes_are_clear(&out);
                    planar(&out)
                };
                assert_eq!(run(true), run(false), "{} {kernel} {stride} {width}", level.name());
            }
        }
    }
}

/// Folding can overflow. What lies outside the map must not turn into NaN then.
#[test]
fn an_infinite_weight_is_not_multiplied_with_the_outside() {
    let mut dice = Dice(37);
    let conv = Conv2d::depthwise(16, 3).with_padding(Padding::Same);
    let mut case = Case::new(&mut dice, conv, MapShape::new(16, 5, 9)).unwrap();
    case.kernel[0] = f32::INFINITY;
    let mut x = Plain::random(&mut dice, 1, MapShape::new(16, 5, 9));
    x.values.iter_mut().for_each(|v| *v = v.abs() + 0.1);
    for level in levels() {
        let values = planar(&case.run(level, &x.blocked(), Epilogue::default()));
        assert!(values.iter().all(|v| !v.is_nan()), "{}", level.name());
        assert_eq!(values.iter().filter(|v| v.is_infinite()).count(), 4 * 8, "{}", level.name());
    }
}
