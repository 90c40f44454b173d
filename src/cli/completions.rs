use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Exit, terminal};

/// `prebake completions SHELL`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Shell to generate completions for
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "prebake", &mut script);
        terminal::out(&String::from_utf8_lossy(&script));
        Exit::Done
    }
}

/// `prebake man`: the page of the command, then those of its commands.
pub(super) fn manual() -> Exit {
    let mut page = Vec::new();
    let written = clap_mangen::Man::new(Cli::command()).render(&mut page);
    if let Err(error) = written {
        return terminal::failed(
            "the manual page cannot be created",
            &error.to_string(),
            "report it",
        );
    }
    terminal::out(&String::from_utf8_lossy(&page));
    Exit::Done
}
