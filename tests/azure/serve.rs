//! Serves until it is stopped, so that a program can be pointed at the stand-in by hand.

use super::Standin;

/// `cargo test --test suite azure::serve -- --ignored --nocapture`
#[test]
#[ignore = "serves until it is stopped"]
fn serve() {
    let standin = Standin::start();
    // The Azure CLI takes no or zero seconds for thirty.
    standin.cloud().knobs.retry_after = 1;
    println!("export PREBAKE_CLOUD={}", standin.cloud_file().display());
    println!("export PREBAKE_CA_FILE={}", standin.ca_file().display());
    for (name, value) in Standin::secret_environment() {
        println!("export {name}='{value}'");
    }
    println!("# resource manager and Entra ID at {}", standin.base());
    loop {
        std::thread::park();
    }
}
