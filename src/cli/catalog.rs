use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Exit, input, terminal};
use crate::catalog::overlay::{Collected, INDEX_FILE, LAYOUTS, MAX_FILE_BYTES, Overlay};
use crate::catalog::{self, Date, overlay};
use crate::diagnostic::nearest;
use crate::disk;
use crate::render::quote::shell;

/// Largest answer of the CLI that is read, in bytes: that of `az vm list-skus` has about 8 MiB a region.
const MAX_ANSWER_BYTES: u64 = 32 * 1024 * 1024;
/// Most answers and pages of one import.
const MAX_ANSWERS: usize = 1_000;

const SCRIPT: &str = include_str!("collect.sh");

/// `prebake catalog`.
#[derive(Debug, Args)]
pub(super) struct Catalog {
    #[command(subcommand)]
    command: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print everything known about a VM size, quota family, GPU, image, node agent, region, role, retirement or API version
    Show(Show),
    /// Create a catalog of your subscription from the output of Azure CLI commands
    Import(Import),
    /// Print a script that runs the Azure CLI commands whose output `import` reads
    Script(Script),
}

#[derive(Debug, Args)]
struct Show {
    /// Name to look up, such as `Standard_NC4as_T4_v3`, `T4` or `swedencentral`
    name: String,
    /// Catalog folder, created by `prebake catalog import`, to include in the output
    #[arg(long, value_name = "DIR")]
    catalog: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Import {
    /// JSON output of Azure CLI commands, or folders of such files
    #[arg(value_name = "FILE|DIR", required_unless_present = "prices")]
    answers: Vec<PathBuf>,
    /// JSON pages of the Retail Prices API
    #[arg(long, value_name = "FILE", num_args = 1..)]
    prices: Vec<PathBuf>,
    /// Catalog folder to write; refer to it with `catalog` in the config
    #[arg(short, long, value_name = "DIR", default_value = "catalog")]
    output: PathBuf,
    /// Region of the data; required if no file contains it
    #[arg(long, value_name = "REGION")]
    location: Option<String>,
    /// Date of the data, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE", value_parser = input::day)]
    as_of: Option<Date>,
}

#[derive(Debug, Args)]
struct Script {
    /// Region of the data
    #[arg(long, value_name = "REGION")]
    location: String,
    /// Resource group of the Batch account and the registry
    #[arg(long, value_name = "NAME")]
    resource_group: Option<String>,
    /// Existing Batch account
    #[arg(long, value_name = "NAME")]
    batch_account: Option<String>,
    /// Existing container registry
    #[arg(long, value_name = "NAME")]
    registry: Option<String>,
}

impl Catalog {
    pub(super) fn run(&self) -> Exit {
        match &self.command {
            None => list(),
            Some(Action::Show(show)) => show.run(),
            Some(Action::Import(import)) => import.run(),
            Some(Action::Script(script)) => script.run(),
        }
    }
}

/// The built-in tables with the number of their rows and the day of the oldest.
fn list() -> Exit {
    let mut text = format!("{:18} {:>5}  {:10}  {}\n", "table", "rows", "oldest", "contents");
    for table in catalog::tables() {
        let oldest = table.oldest().map_or_else(String::new, |day| day.to_string());
        let about = table.about();
        let about = about.split_once(". ").map_or(about.as_str(), |(first, _)| first);
        let _ = writeln!(
            text,
            "{:18} {:>5}  {oldest:10}  {}",
            table.name(),
            table.rows().count(),
            about.trim_end_matches('.')
        );
    }
    terminal::out(&text);
    Exit::Done
}

impl Show {
    fn run(&self) -> Exit {
        let overlay = match self.catalog.as_deref().map(overlay_of).transpose() {
            Ok(overlay) => overlay.unwrap_or_default(),
            Err((title, why, help)) => return terminal::failed(&title, &why, &help),
        };
        // A resource type may come as Bicep writes it, with a version.
        let name = self.name.split_once('@').map_or(self.name.as_str(), |(kind, _)| kind);
        let mut text = String::new();
        for (fact, cells) in overlay.rows_named(name) {
            write_row(&mut text, &fact.table, &cells, &fact.source, &fact.checked);
        }
        for (table, row) in catalog::rows_about(name) {
            let columns = table.columns().zip(row.all_cells().map(str::to_owned));
            let cells: Vec<(&str, String)> = columns.collect();
            let day = row.checked().map_or_else(String::new, |day| day.to_string());
            write_row(&mut text, table.name(), &cells[..cells.len() - 2], &table.source(row), &day);
        }
        if text.is_empty() {
            return unknown(&self.name);
        }
        terminal::out(&text);
        Exit::Done
    }
}

fn write_row(text: &mut String, table: &str, cells: &[(&str, String)], source: &str, day: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{table}");
    let shown = cells.iter().filter(|(_, cell)| !cell.is_empty());
    for (column, cell) in shown {
        let _ = writeln!(text, "  {column:24} {cell}");
    }
    let _ = writeln!(text, "  {:24} {source}\n  {:24} {day}", "source", "last looked at");
}

fn unknown(name: &str) -> Exit {
    let keys = catalog::tables().flat_map(|table| table.rows().map(catalog::Row::key));
    let help = match catalog::nearest_family(name).or_else(|| nearest(name, keys)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`prebake catalog` lists the tables".to_owned(),
    };
    terminal::failed(
        &format!("the catalog has no entry `{name}`"),
        "no table contains this name",
        &help,
    );
    Exit::Failed
}

impl Script {
    fn run(&self) -> Exit {
        let given = |value: &Option<String>| shell(value.as_deref().unwrap_or_default());
        let mut text = "#!/usr/bin/env bash\n".to_owned();
        let location = self.location.to_lowercase().replace(' ', "");
        let _ = writeln!(text, "location={}", shell(&location));
        let _ = writeln!(text, "resource_group={}", given(&self.resource_group));
        let _ = writeln!(text, "batch_account={}", given(&self.batch_account));
        let _ = writeln!(text, "registry={}", given(&self.registry));
        let mut offers: Vec<String> = catalog::base_images()
            .map(|image| format!("{} {}", image.publisher, image.offer))
            .collect();
        offers.sort();
        offers.dedup();
        let offers: Vec<String> = offers.iter().map(|offer| shell(offer)).collect();
        let _ = writeln!(text, "offers=({})", offers.join(" "));
        let mut providers: Vec<&str> = catalog::api_versions()
            .filter_map(|(kind, _)| kind.split_once('/').map(|(namespace, _)| namespace))
            .collect();
        providers.dedup();
        let _ = writeln!(text, "providers=({})", providers.join(" "));
        terminal::out(&(text + SCRIPT));
        Exit::Done
    }
}

type Refusal = (String, String, String);

impl Import {
    fn run(&self) -> Exit {
        match self.import() {
            Ok(text) => {
                terminal::out(&text);
                Exit::Done
            }
            Err((title, why, help)) => terminal::failed(&title, &why, &help),
        }
    }

    fn import(&self) -> Result<String, Refusal> {
        let checked = self.as_of.or_else(input::today).ok_or_else(|| {
            let help = "set the date with `--as-of YYYY-MM-DD`".to_owned();
            (
                "the system clock has no valid date".to_owned(),
                "a catalog records the date of its data".to_owned(),
                help,
            )
        })?;
        let location = self.location.as_deref().map(|name| {
            let known = catalog::region(name).map(|region| region.name.to_owned());
            known.unwrap_or_else(|| name.to_lowercase().replace(' ', ""))
        });
        let mut collected = Collected::new(location, checked);
        let (index, files) = earlier(&self.output)?;
        if let Some(index) = index {
            collected.keep(&index, &files).map_err(|(name, fault)| {
                let why = format!("`{name}`, line {}: {}", fault.line, fault.why);
                let help = "use another folder with `--output`, or delete this one".to_owned();
                (format!("`{}` cannot be extended", self.output.display()), why, help)
            })?;
        }
        let mut log = String::new();
        for path in answers(&self.answers)? {
            let bytes = read(&path)?;
            let command = overlay::import(&bytes, &mut collected)
                .map_err(|error| (refused(&path), error.to_string(), error.help().to_owned()))?;
            let _ = writeln!(log, "{}: {command}", path.display());
        }
        if collected.lacks_location() {
            return Err((
                "the region of the data is unknown".to_owned(),
                "the files contain no region, or more than one".to_owned(),
                "set it with `--location`".to_owned(),
            ));
        }
        self.prices(&mut collected, &mut log)?;
        let files = collected.files();
        write(&self.output, &files)?;
        let _ = writeln!(
            log,
            "{}: {} files; add `catalog: {}` to the config",
            self.output.display(),
            files.len(),
            self.output.display()
        );
        Ok(log)
    }

    fn prices(&self, collected: &mut Collected, log: &mut String) -> Result<(), Refusal> {
        if self.prices.is_empty() {
            return Ok(());
        }
        if collected.location().is_none() {
            return Err((
                "the region of the prices is unknown".to_owned(),
                "prices differ by region".to_owned(),
                "set it with `--location`".to_owned(),
            ));
        }
        let paths = answers(&self.prices)?;
        let pages: Result<Vec<Vec<u8>>, Refusal> = paths.iter().map(|path| read(path)).collect();
        let meters = overlay::import_prices(&pages?, collected).map_err(|error| {
            let help = "pass all pages of the API unchanged and in one currency";
            let title = error
                .file()
                .and_then(|at| paths.get(at))
                .map_or_else(|| "prices cannot be imported".to_owned(), |path| refused(path));
            (title, error.to_string(), help.to_owned())
        })?;
        let _ = writeln!(log, "{meters} prices");
        Ok(())
    }
}

fn refused(path: &Path) -> String {
    format!("`{}` cannot be imported", path.display())
}

/// The files that the arguments name; folders stand for the JSON files in them.
fn answers(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Refusal> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        let files = walkdir::WalkDir::new(path).max_depth(1).sort_by_file_name().into_iter();
        let files = files.flatten().map(walkdir::DirEntry::into_path);
        found.extend(files.filter(|file| file.extension().is_some_and(|ending| ending == "json")));
        if found.len() == before {
            let help = "name a folder that the script of `prebake catalog script` created";
            return Err((refused(path), "it contains no JSON files".to_owned(), help.to_owned()));
        }
    }
    if found.len() > MAX_ANSWERS {
        let help = "import them in several runs; existing data is kept".to_owned();
        return Err((
            format!("too many files: {}", found.len()),
            format!("the limit is {MAX_ANSWERS}"),
            help,
        ));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    disk::argument(path, MAX_ANSWER_BYTES).map_err(|error| {
        let help = "check the file and its permissions".to_owned();
        (format!("`{}` cannot be read", path.display()), error.to_string(), help)
    })
}

type Earlier = (Option<String>, BTreeMap<String, String>);

/// What the folder holds already.
fn earlier(folder: &Path) -> Result<Earlier, Refusal> {
    if !folder.join(INDEX_FILE).exists() {
        return Ok((None, BTreeMap::new()));
    }
    let text = |name: &str| {
        let path = folder.join(name);
        disk::text_within(folder, &path, MAX_FILE_BYTES as u64).map_err(|error| {
            let help = "use another folder with `--output`, or delete this one".to_owned();
            (format!("`{}` cannot be read", path.display()), error.to_string(), help)
        })
    };
    let index = text(INDEX_FILE)?;
    let mut files = BTreeMap::new();
    for layout in LAYOUTS {
        if folder.join(layout.file()).exists() {
            files.insert(layout.file(), text(&layout.file())?);
        }
    }
    Ok((Some(index), files))
}

#[expect(clippy::disallowed_methods, reason = "the catalog is the command's one output")]
fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<(), Refusal> {
    for (name, text) in files {
        if text.len() > MAX_FILE_BYTES {
            let why =
                format!("`{name}` would have {} bytes; the limit is {MAX_FILE_BYTES}", text.len());
            let help = "import the data of one region only, as the script collects it".to_owned();
            return Err(("the catalog would be too large".to_owned(), why, help));
        }
    }
    let written = std::fs::create_dir_all(folder).and_then(|()| {
        files.iter().try_for_each(|(name, text)| std::fs::write(folder.join(name), text))
    });
    written.map_err(|error| {
        let help = "name a writable folder with `--output`".to_owned();
        (format!("`{}` was not written", folder.display()), error.to_string(), help)
    })
}

/// The catalog of a folder.
fn overlay_of(folder: &Path) -> Result<Overlay, Refusal> {
    let text = |path: &Path| {
        disk::text_within(folder, path, MAX_FILE_BYTES as u64).map_err(|error| error.to_string())
    };
    let shown = folder.display().to_string();
    let help = || "name a folder that `prebake catalog import` created".to_owned();
    let failed = |why: String| (format!("catalog `{shown}` cannot be read"), why, help());
    let index = text(&folder.join(INDEX_FILE)).map_err(failed)?;
    let listed = Overlay::listed(&index).map_err(|fault| failed(fault.why))?;
    let mut files = BTreeMap::new();
    for layout in listed {
        files.insert(layout.file(), text(&folder.join(layout.file())).map_err(failed)?);
    }
    Overlay::read(&shown, &index, &files, String::new())
        .map_err(|(name, fault)| failed(format!("`{name}`, line {}: {}", fault.line, fault.why)))
}
