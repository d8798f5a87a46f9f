//! Fuzzes ONNX files: the protobuf, the nodes, and the resulting network.
#![no_main]

use filterscope::tensor::PixelSize;
use filterscope::weights::{FREE_SIZE, OnnxNet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(net) = OnnxNet::from_bytes(bytes.to_vec(), "fuzz") else { return };
    // Inferring shapes must not panic, at the network's own input size or at others.
    let own = net.fixed_size.unwrap_or(FREE_SIZE);
    for size in [own, PixelSize::square(1), PixelSize::new(37, 1000)] {
        let _ = net.graph.infer(size);
    }
    for name in net.tensors.names().map(str::to_owned).collect::<Vec<_>>() {
        if let Some((shape, values)) = net.tensors.tensor(&name) {
            assert_eq!(shape.iter().product::<usize>(), values.len(), "{name}");
        }
    }
});
