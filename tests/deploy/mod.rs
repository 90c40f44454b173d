//! The script `deploy.sh`, with what the real Azure CLI answered it, and the pipelines around a deployment.
#![expect(clippy::disallowed_methods, reason = "tests write scripts and read what they left")]
#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

mod conformance;
mod modes;
mod pins;
mod pipelines;
mod plan;
mod real_cli;
mod recording;
mod script;
mod stacks;
