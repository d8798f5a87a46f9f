//! Fuzzes PyTorch files of the old format: several pickles, followed by storages.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if bytes.first() != Some(&0x80) {
        return Corpus::Reject;
    }
    filterscope_fuzz::read_weights(bytes.to_vec());
    Corpus::Keep
});
