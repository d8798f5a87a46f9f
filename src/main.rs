//! The program: embeds the weights and the example picture, and passes them to the command line or to the window.

use std::process::ExitCode;

use filterscope::cli::{self, Next};
use filterscope::engine::{EmbeddedWeights, WeightStore};
use filterscope::render::Resources;
use filterscope::weights::Folders;

const XCEPTION: EmbeddedWeights = EmbeddedWeights {
    tag: "xception.keras_in1k",
    bytes: include_bytes!("../weights/xception_keras_in1k_notop.f16.safetensors"),
};
const VGG16: EmbeddedWeights = EmbeddedWeights {
    tag: "vgg16.keras_in1k",
    bytes: include_bytes!("../weights/vgg16_keras_in1k_notop.f16.safetensors"),
};
const LITE0: EmbeddedWeights = EmbeddedWeights {
    tag: "tf_efficientnet_lite0.in1k",
    bytes: include_bytes!("../weights/tf_efficientnet_lite0.f16.safetensors"),
};

fn main() -> ExitCode {
    let store = WeightStore::new(vec![XCEPTION, VGG16, LITE0]).with_folders(Folders::from_env());
    let resources = Resources { store, cat: include_bytes!("../assets/cat.png") };
    match cli::main(std::env::args_os(), &resources) {
        Next::Exit(code) => code,
        #[cfg(feature = "gui")]
        Next::OpenWindow(request) => cli::window_closed(filterscope::app::run(*request, resources)),
    }
}
