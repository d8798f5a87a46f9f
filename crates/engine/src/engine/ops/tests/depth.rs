//! A deep 1×1 convolution, whose depth some levels split if a map has enough pixels.

use super::*;

/// The first rows alone are too few pixels to split, and a map's whole rows are not.
#[test]
fn depth_in_panels_changes_no_bit() {
    let mut dice = Dice(29);
    for (c_in, c_out) in [(129, 16), (300, 40), (520, 33)] {
        let conv = Conv2d::new(c_in, c_out, 1).with_bias();
        let (many, few) = (MapShape::new(c_in, 13, 17), MapShape::new(c_in, 2, 17));
        let case = Case::new(&mut dice, conv, many).unwrap();
        let mut x = Plain::random(&mut dice, 2, many);
        // An overflow must be seen in its own place and nowhere else.
        x.values[many.plane() * (c_in - 1) + 3] = f32::INFINITY;
        x.values[many.plane() * 7 + 20] = f32::NAN;
        let other = Plain::random(&mut dice, 2, case.out);
        let first_rows = |plain: &Plain, rows: usize| {
            let MapShape { channels, height, width } = plain.shape;
            let values = plain.values.chunks(height * width).flat_map(|map| &map[..rows * width]);
            Plain {
                num_images: plain.num_images,
                shape: MapShape::new(channels, rows, width),
                values: values.copied().collect(),
            }
        };
        let (few_x, few_other) = (first_rows(&x, few.height), first_rows(&other, few.height));
        let few_case =
            Case { out: few_other.shape, kernel: case.kernel.clone(), bias: case.bias.clone(), ..case };
        let (other, few_other) = (other.blocked(), few_other.blocked());
        for level in levels() {
            let run = |case: &Case, x: &Plain, other: &Owned| {
                let function = Some(ActivationFn::Relu6);
                planar(&case.run(level, &x.blocked(), Epilogue { residual: Some(other.read()), function }))
            };
            let values = run(&case, &x, &other);
            let all = Plain { num_images: 2, shape: case.out, values };
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(
                bits(&first_rows(&all, few.height).values),
                bits(&run(&few_case, &few_x, &few_other)),
                "{} {c_in} to {c_out}",
                level.name()
            );
            let num_nan = all.values.iter().filter(|v| v.is_nan()).count();
            assert_eq!(num_nan, c_out, "of the one place with NaN");
        }
    }
}
