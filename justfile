# Every recipe is also a plain line that works without `just`.

# List the recipes
default:
    @just --list

# The gate of every change
ci:
    .ci/run

# Tests
test *arguments:
    cargo test --locked {{arguments}}

# Rewrite expected outputs; read the diff before you commit it
bless area:
    BLESS=1 cargo test {{area}}::

# Licences, advisories and sources of every dependency
deny:
    cargo deny --locked check

# Fuzz one target, for ten minutes unless told otherwise
fuzz target seconds="600":
    cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}} -max_len=4096

# Whole runs beside the Python pipeline
bench *arguments:
    cargo bench --locked --bench fleet {{arguments}}

# The pictures of the README, with chromium, npm and pngquant
pictures:
    .ci/pictures

# A release binary, as docs/internals/release.md describes it
release target="x86_64-unknown-linux-musl":
    .ci/release {{target}}

# The same binary twice, from two folders
reproducible target="x86_64-unknown-linux-musl":
    .ci/reproducible {{target}}
