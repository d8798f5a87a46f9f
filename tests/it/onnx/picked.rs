//! Networks that first pick rows and columns of the picture, as `YOLOv5`'s `Focus` does: the values are exactly the picture's.

use std::sync::Arc;

use filterscope::engine::{Backbone, ComputeDevice, EngineChoice, Session, WeightStore, open_onnx};
use filterscope::tensor::InputBatch;
use filterscope::weights::OnnxNet;

use super::encode::{floats, ints, model, named, value};

/// Nodes that take every second row from `top` on, and of these every second column from `left` on.
fn quarter(from: &str, to: &str, [top, left]: [&str; 2]) -> Vec<u8> {
    let rows = format!("{to}_rows");
    [
        named(&rows, "Slice", &[from, top, "end", "two", "two"], &[&rows], &[]),
        named(to, "Slice", &[&rows, left, "end", "three", "two"], &[to], &[]),
    ]
    .concat()
}

fn constants() -> Vec<u8> {
    [
        ints("zero", &[0]),
        ints("one", &[1]),
        ints("two", &[2]),
        ints("three", &[3]),
        ints("end", &[i64::MAX]),
        floats("w", &[4, 12, 1, 1], &[0.25; 48]),
        floats("w3", &[3, 3, 1, 1], &[0.5; 9]),
    ]
    .concat()
}

fn focus(from: &str) -> Vec<u8> {
    [
        quarter(from, "a", ["zero", "zero"]),
        quarter(from, "b", ["one", "zero"]),
        quarter(from, "c", ["zero", "one"]),
        quarter(from, "d", ["one", "one"]),
        named("focus", "Concat", &["a", "b", "c", "d"], &["f"], &[("axis", &[1])]),
        named("conv", "Conv", &["f", "w"], &["y"], &[]),
        constants(),
    ]
    .concat()
}

fn file(nodes: &[Vec<u8>], sides: [i64; 2]) -> Vec<u8> {
    let ends = [value(11, "x", &[1, 3, sides[0], sides[1]]), value(12, "y", &[1, 4, 0, 0])];
    model(&[nodes.to_vec(), ends.to_vec()].concat())
}

/// Where a channel's values come from: the picture's channel, the first row and column, and the steps down and across.
type Picked = (usize, [usize; 2], [usize; 2]);

/// The layer's name, the file, the picture's rows and columns, the layer's rows and columns, and the origin of each channel.
type Case = (&'static str, Vec<u8>, [usize; 2], [usize; 2], Vec<Picked>);

#[test]
fn picked_values_equal_the_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let one = named("one_slice", "Slice", &["x", "starts", "ends", "axes", "steps"], &["s"], &[]);
    let last = named("last", "Relu", &["s"], &["y"], &[]);
    let numbers =
        [ints("starts", &[-7, 2]), ints("ends", &[-2, 8]), ints("axes", &[2, -1]), ints("steps", &[3, 1])];
    let cropped = [one, last, numbers.concat()].concat();
    let every_second =
        |top: usize, left: usize| (0..3).map(move |c: usize| -> Picked { (c, [top, left], [2, 2]) });
    let all: Vec<Picked> =
        [(0, 0), (1, 0), (0, 1), (1, 1)].into_iter().flat_map(|(t, l)| every_second(t, l)).collect();
    let table: [Case; 3] = [
        ("focus", file(&[focus("x")], [8, 6]), [8, 6], [4, 3], all.clone()),
        ("focus", file(&[focus("x")], [0, 0]), [10, 12], [5, 6], all),
        // Of nine rows, -7 up to -2 in steps of three are rows 2 and 5. Of ten columns, 2 up to 8.
        (
            "one_slice",
            file(&[cropped], [9, 10]),
            [9, 10],
            [2, 6],
            (0..3).map(|c| (c, [2, 2], [3, 1])).collect(),
        ),
    ];
    for (number, (layer, bytes, [rows, columns], [out_rows, out_columns], picked)) in
        table.into_iter().enumerate()
    {
        let path = folder.path().join(format!("{number}.onnx"));
        std::fs::write(&path, bytes).unwrap();
        let backbone = Backbone::load(open_onnx(&path).unwrap()[0], &WeightStore::default(), None).unwrap();
        let backbone = Arc::new(backbone);
        let values: Vec<f32> = (0..3 * rows * columns).map(|i| (i * 37 % 101) as f32 * 0.3 - 7.1).collect();
        let input = InputBatch::new(1, rows, columns, values.clone()).unwrap();
        // A slice along two axes becomes two nodes; the second has the values.
        let node = backbone.graph().find(layer).unwrap();
        let node = if layer == "one_slice" { filterscope::graph::NodeId(node.0 + 1) } else { node };
        let expected: Vec<f32> = picked
            .iter()
            .flat_map(|(channel, [top, left], [down, across])| {
                let at =
                    move |y: usize, x: usize| (channel * rows + top + y * down) * columns + left + x * across;
                (0..out_rows).flat_map(move |y| (0..out_columns).map(move |x| at(y, x)))
            })
            .map(|at| values[at])
            .collect();
        for engine in [EngineChoice::Fast, EngineChoice::Candle] {
            let mut session =
                Session::with_engine(Arc::clone(&backbone), ComputeDevice::cpu(), engine).unwrap();
            let got = session.activations(&input, &[node]).unwrap().remove(0);
            assert_eq!(got.values(), expected, "{layer} {number}");
        }
    }
}

/// Rows are picked from the picture only: a layer's values may be infinite, and the result would no longer be exact.
#[test]
fn rows_of_a_layer_are_cut_off() {
    let pre = named("pre", "Conv", &["x", "w3"], &["p"], &[]);
    let net = OnnxNet::from_bytes(file(&[pre, focus("p")], [8, 6]), "net.onnx").unwrap();
    assert_eq!(
        net.ending.why.as_deref(),
        Some(
            "it ends here at `pre`, the last map that all of its output depends on: behind it `Slice` isn't supported along anything \
             but channels (node `a_rows`), and 3 more nodes aren't followed"
        )
    );
}
