//! `deploy.sh` against a stand-in for `az` that keeps the state of a resource group in files.
#![expect(clippy::disallowed_methods, reason = "tests write scripts and read what they left")]
#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

mod azure;
mod conformance;
mod modes;
mod pins;
mod pipelines;
mod plan;
mod resume;
mod stacks;
