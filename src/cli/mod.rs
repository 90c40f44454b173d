//! Arguments, files, terminal and exit codes. The only module that reads what the user names and that
//! prints; contains no logic of its own.
//!
//! One file a command; `input` finds and reads configs, `terminal` prints.

mod bicep;
mod catalog;
mod completions;
mod config;
mod deploy;
mod diff;
mod digest_hints;
mod exit;
mod explain;
pub mod files;
mod fleet;
mod folders;
mod init;
mod input;
mod live;
mod matrix;
mod record;
mod render;
mod schema;
mod templates;
mod terminal;
mod test;
mod validate;
mod walk;

pub use exit::Exit;

use std::sync::LazyLock;

use crate::catalog::Date;
use clap::{Args, ColorChoice, Parser, Subcommand};

/// The version, with that of the facts inside.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let types = crate::azure_types::tables();
    let (version, types, date) = (env!("CARGO_PKG_VERSION"), types.version(), types.date());
    format!("{version}\nAzure's types: Azure.Bicep.Types.Az {types} of {date}")
});

/// Folder of the renders where none is named.
const DEFAULT_OUTPUT: &str = "out";

/// Reviewable infrastructure for GPU containers on Azure Batch.
#[derive(Debug, Parser)]
#[command(
    name = "prebake",
    version,
    long_version = LONG_VERSION.as_str(),
    about = "Reviewable infrastructure for GPU containers on Azure Batch",
    after_help = "Start with `prebake init`, then `prebake render prebake.yaml`.",
    disable_help_subcommand = true
)]
pub struct Cli {
    /// When to use color.
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    color: ColorChoice,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a config
    Init(init::Init),
    /// Render configs to Bicep, cloud-init and scripts
    Render(render::Render),
    /// Check configs offline: would Azure accept the deployment, and would the nodes start?
    Validate(validate::Validate),
    /// Show what a new render changes in Azure
    Diff(diff::Diff),
    /// Deploy a render to Azure
    Deploy(deploy::Deploy),
    /// Compare the renders of test cases with the approved ones
    Test(test::Test),
    /// Explain a diagnostic code
    Explain(explain::Explain),
    /// List the built-in templates, or copy them so that you can edit them
    #[command(subcommand)]
    Templates(templates::Templates),
    /// Compile, lint and format Bicep without the Bicep CLI
    #[command(subcommand)]
    Bicep(bicep::Bicep),
    /// Show a config with all layers merged, and where each value comes from
    #[command(subcommand)]
    Config(config::Config),
    /// Show what prebake knows about Azure, or import facts from your subscription
    Catalog(catalog::Catalog),
    /// Print or import JSON Schemas
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Print shell completions
    Completions(completions::Completions),
    /// Print the manual page
    Man,
}

/// The arguments of every command that works on configs.
#[derive(Debug, Clone, Args)]
struct Configs {
    /// Config files, or folders to search for them
    #[arg(value_name = "CONFIG|DIR", default_value = ".")]
    paths: Vec<std::path::PathBuf>,
    /// Set one value of every config, such as `batch.pools.0.nodes=4`
    #[arg(long = "set", value_name = "PATH=VALUE")]
    overrides: Vec<String>,
    /// Render only this environment; can be repeated [default: all environments]
    #[arg(long = "env", value_name = "NAME")]
    environments: Vec<String>,
    /// Folder of templates that replace or extend the built-in ones
    #[arg(long, value_name = "DIR")]
    templates: Option<std::path::PathBuf>,
    /// Folder of additional schemas, created by `prebake schema import`
    #[arg(long, value_name = "DIR")]
    schemas: Option<std::path::PathBuf>,
    /// Date for checking retirements, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE", value_parser = input::day)]
    as_of: Option<Date>,
}

impl Configs {
    /// No configs, only what they share.
    fn shared(templates: Option<std::path::PathBuf>, as_of: Option<Date>) -> Self {
        let (paths, overrides, environments) = (Vec::new(), Vec::new(), Vec::new());
        Self { paths, overrides, environments, templates, schemas: None, as_of }
    }

    /// Whether only some environments of the configs are meant.
    fn names_environments(&self) -> bool {
        !self.environments.is_empty()
    }
}

/// The commands that render.
const RENDERING: [&str; 4] = ["render", "validate", "diff", "test"];

/// Whether configs are in a folder, of which it is not known whether any is rendered. What follows an option is its value.
fn names_folder(arguments: &[std::ffi::OsString]) -> bool {
    let is_folder = |pair: &[std::ffi::OsString]| {
        !pair[0].as_encoded_bytes().starts_with(b"-") && std::path::Path::new(&pair[1]).is_dir()
    };
    arguments.windows(2).skip(1).any(is_folder)
}

/// Runs the command that the arguments ask for and gives its exit code.
pub fn run(arguments: impl Iterator<Item = std::ffi::OsString>) -> Exit {
    let arguments: Vec<_> = arguments.collect();
    // Reading the arguments and the config takes long enough for another thread to have ready what a render needs.
    if RENDERING.iter().any(|command| arguments.iter().any(|argument| argument == command))
        && !names_folder(&arguments)
    {
        crate::render::read_ahead();
    }
    let asks_for_bicep =
        arguments.iter().skip(1).find(|word| !word.to_string_lossy().starts_with('-'));
    let asks_for_bicep = asks_for_bicep.is_some_and(|word| word == "bicep");
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no mistakes.
            let wrong = if asks_for_bicep { bicep::WRONG } else { Exit::Failed };
            let code = if error.use_stderr() { wrong } else { Exit::Done };
            let _ = error.print();
            return code;
        }
    };
    terminal::choose_color(cli.color);
    let code = match cli.command {
        None => first_words(),
        Some(Command::Init(command)) => command.run(),
        Some(Command::Render(command)) => command.run(),
        Some(Command::Validate(command)) => command.run(),
        Some(Command::Diff(command)) => command.run(),
        Some(Command::Deploy(command)) => command.run(),
        Some(Command::Test(command)) => command.run(),
        Some(Command::Explain(command)) => command.run(),
        Some(Command::Templates(command)) => command.run(),
        Some(Command::Bicep(command)) => command.run(),
        Some(Command::Schema(command)) => command.run(),
        Some(Command::Catalog(command)) => command.run(),
        Some(Command::Config(command)) => command.run(),
        Some(Command::Completions(command)) => command.run(),
        Some(Command::Man) => completions::manual(),
    };
    terminal::ended(code)
}

/// `prebake` alone says what to do next.
fn first_words() -> Exit {
    let here = std::path::Path::new("prebake.yaml").is_file();
    let next = if here {
        "  prebake render prebake.yaml    render it and show what was written"
    } else {
        "  prebake init                   write a starter config, prebake.yaml"
    };
    terminal::out(&format!(
        "prebake {} renders reviewable infrastructure for GPU containers on Azure Batch.\n\nNext:\n{next}\n  prebake --help                 all commands\n",
        env!("CARGO_PKG_VERSION")
    ));
    Exit::Done
}
