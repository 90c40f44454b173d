//! Whole compilations of large modules of the corpus, modules and types of a registry included: from
//! the bytes of the files to the template.
//!
//! The corpus stands beside the repository, in `../shared/corpus`; without it nothing is measured.

#![expect(clippy::print_stdout, reason = "a benchmark tells what it cannot measure")]

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use prebake::bicep::{MemoryFiles, compile};
use prebake::cli::files::Folder;
use prebake::diagnostic::{Diagnostics, Sources};

const MODULES: [&str; 4] = [
    "avm/res/compute/virtual-machine-scale-set/main.bicep",
    "avm/res/dev-test-lab/lab/main.bicep",
    "avm/res/healthcare-apis/workspace/main.bicep",
    "avm/res/dev-center/project/main.bicep",
];

fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("PREBAKE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    root.is_dir().then_some(root)
}

fn modules(criterion: &mut Criterion) {
    let Some(root) = corpus() else {
        println!("NOT MEASURED: there is no corpus of Bicep files");
        return;
    };
    let files = Folder::new(&root, Some(root.join("registry"))).expect("the corpus can be read");
    let mut group = criterion.benchmark_group("compile");
    for module in MODULES {
        let template = compile(module, &files, &mut Sources::new(), &mut Diagnostics::new());
        let template = template.expect("the module compiles").json.to_string();
        group.throughput(Throughput::Bytes(template.len() as u64));
        group.bench_function(module, |bencher| {
            bencher.iter(|| {
                let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
                black_box(compile(module, &files, &mut sources, &mut diagnostics))
            });
        });
    }
    group.finish();
}

fn small(criterion: &mut Criterion) {
    let text = "param name string\nvar full = 'st${name}'\noutput id string = full\n";
    let files = MemoryFiles::from_iter([("main.bicep", text)]);
    criterion.bench_function("compile/small", |bencher| {
        bencher.iter(|| {
            let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
            black_box(compile("main.bicep", &files, &mut sources, &mut diagnostics))
        });
    });
}

criterion_group!(benches, modules, small);
criterion_main!(benches);
