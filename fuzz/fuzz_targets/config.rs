//! Any bytes as a config, up to typed fields and the model.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::pipeline::{Input, Job};

fuzz_target!(|bytes: &[u8]| {
    let input = Input { path: "any.yaml".to_owned(), bytes: bytes.to_vec(), ..Input::default() };
    let job = Job::alone(&input);
    assert!(job.document.is_some() || job.diagnostics.has_errors());
    let _ = job.model();
});
