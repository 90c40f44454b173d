//! Lexing and parsing every source of the corpus, beside the tree-sitter grammar of Bicep, in one run.
//!
//! The corpus stands beside the repository, in `../shared/corpus`; without it nothing is measured.
//! Before the times, the run tells how many of the files each parser reads without an error.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads its sources")]
#![expect(clippy::print_stdout, reason = "a benchmark tells what it measures")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use prebake::bicep::lexer::lex;
use prebake::bicep::parser::parse;
use prebake::bicep::syntax::{Arena, FileKind};
use prebake::diagnostic::{Diagnostics, FileId};

fn sources() -> Vec<String> {
    let root = std::env::var_os("PREBAKE_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        std::path::PathBuf::from,
    );
    let walk = walkdir::WalkDir::new(root).sort_by_file_name().into_iter().flatten();
    // What is wrong on purpose is read as well, but not counted as readable below.
    walk.map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|end| end == "bicep"))
        .filter(|path| {
            let path = path.to_string_lossy();
            !path.contains(".diagnostics.") && !path.contains(".formatted.")
        })
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect()
}

fn tree_sitter() -> tree_sitter::Parser {
    let mut parser = tree_sitter::Parser::new();
    let language = tree_sitter_bicep::LANGUAGE.into();
    parser.set_language(&language).expect("the grammar fits the library");
    parser
}

fn read_without_error(sources: &[String]) {
    let mut other = tree_sitter();
    let (mut ours, mut theirs) = (0, 0);
    for text in sources {
        let arena = Arena::new();
        let mut findings = Diagnostics::new();
        parse(&arena, text, FileKind::Bicep, FileId(0), &mut findings);
        ours += usize::from(findings.is_empty());
        let tree = other.parse(text, None).expect("nothing stops it");
        theirs += usize::from(!tree.root_node().has_error());
    }
    println!(
        "{} files: prebake reads {ours} without an error, tree-sitter {theirs}",
        sources.len()
    );
}

fn measure(criterion: &mut Criterion) {
    let sources = sources();
    if sources.is_empty() {
        println!("NOT MEASURED: there is no corpus of Bicep files beside the repository");
        return;
    }
    read_without_error(&sources);
    let bytes: usize = sources.iter().map(String::len).sum();
    let mut group = criterion.benchmark_group("corpus");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.sample_size(20);
    group.bench_function("lex", |bencher| {
        bencher.iter(|| {
            for text in &sources {
                black_box(lex(text));
            }
        });
    });
    group.bench_function("lex and parse", |bencher| {
        let mut arena = Arena::new();
        bencher.iter(|| {
            for text in &sources {
                let mut findings = Diagnostics::new();
                black_box(parse(&arena, text, FileKind::Bicep, FileId(0), &mut findings));
                arena.reset();
            }
        });
    });
    group.bench_function("tree-sitter-bicep", |bencher| {
        let mut parser = tree_sitter();
        bencher.iter(|| {
            for text in &sources {
                black_box(parser.parse(text, None));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, measure);
criterion_main!(benches);
