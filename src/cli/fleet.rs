//! Runs a command over every config that was named: in parallel, shown in order, one bad config never
//! stopping the others.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use super::folders::Folders;
use super::{Configs, Exit, input, terminal};
use crate::diagnostic::printable::one_line;
use crate::diagnostic::{Diagnostics, Sources};
use crate::pipeline::Job;
use crate::pipeline::fleet::{self, Claimed};
use crate::render::Plan;

/// Configs that are worked on before their results are shown: bounds memory, keeps the order.
const AT_ONCE: usize = 64;
/// From this many renders on a terminal shows progress instead of a line for each.
const MANY: usize = 20;

/// What is given to find the render that stands of it.
pub(super) enum Asked<'a> {
    /// A config that is not parsed yet, by the digest of its input.
    Input(&'a [u8; 32]),
    /// A config that was parsed, or one of its environments.
    Job(&'a Job),
}

/// The configs of a run and the renders that they ask for.
pub(super) struct Fleet<'a> {
    configs: &'a Configs,
    paths: Vec<PathBuf>,
    /// Those of the configs.
    folders: Folders,
    /// Path and place among its renders, for each render; empty for a single one.
    renders: Vec<(usize, usize)>,
    /// Renders that share what they must not share: none of them is made.
    blocked: Vec<(usize, usize)>,
    /// For each config, the names of its renders that need not be made, by their place.
    standing: Vec<Vec<Option<String>>>,
    /// The jobs of the configs that are not read again: one that stands alone, and pipes, which give their text once.
    kept: Mutex<BTreeMap<usize, Vec<Job>>>,
    /// The exit code so far.
    pub code: Exit,
}

impl<'a> Fleet<'a> {
    /// Finds the configs and what they cannot share.
    pub(super) fn new(configs: &'a Configs) -> Result<Self, Exit> {
        Self::except(configs, |_| None)
    }

    /// The same; of more than one render, those that stand are not made. `standing` gives the plan of such a render.
    pub(super) fn except(
        configs: &'a Configs,
        standing: impl Fn(Asked<'_>) -> Option<Plan> + Sync,
    ) -> Result<Self, Exit> {
        let (paths, code) = input::find(&configs.paths)?;
        let mut fleet = Self {
            configs,
            paths,
            folders: Folders::default(),
            renders: vec![],
            blocked: vec![],
            standing: vec![],
            kept: Mutex::default(),
            code,
        };
        fleet.survey(standing);
        Ok(fleet)
    }

    /// How many renders the run makes.
    pub(super) fn len(&self) -> usize {
        self.renders.len()
    }

    /// Whether it is one config that the user watches, not a fleet.
    pub(super) fn is_single(&self) -> bool {
        self.renders.len() == 1
    }

    /// Reads every config once to see how many renders there are and which of them collide.
    fn survey(&mut self, standing: impl Fn(Asked<'_>) -> Option<Plan> + Sync) {
        let stands = |plan: Plan| (fleet::planned_claims(&plan), Some(plan.name));
        let look = |job: &Job| {
            let plan = standing(Asked::Job(job));
            plan.map_or_else(|| (fleet::claims(job), None), stands)
        };
        let may_stand = self.paths.len() > 1 && !self.configs.names_environments();
        let read = |path: usize| {
            let is_read_once = self.is_read_once(path);
            let input = input::read(&self.paths[path], self.configs);
            let known = input.as_ref().ok().filter(|_| may_stand && !is_read_once);
            if let Some(plan) = known.and_then(|input| standing(Asked::Input(&input.digest()))) {
                let (claims, name) = stands(plan);
                return (vec![fleet::digests(&claims)], vec![name]);
            }
            let jobs = input::jobs_of(&self.paths[path], input, self.configs, &self.folders);
            if self.paths.len() == 1 && jobs.len() == 1 {
                self.kept().insert(path, jobs);
                return (vec![Vec::new()], vec![None]);
            }
            let digests =
                |(claims, standing): (Vec<Claimed>, _)| (fleet::digests(&claims), standing);
            let found = jobs.iter().map(look).map(digests).unzip();
            if is_read_once {
                self.kept().insert(path, jobs);
            }
            found
        };
        let (claims, standing): (Vec<Vec<Vec<u64>>>, _) =
            (0..self.paths.len()).into_par_iter().map(read).unzip();
        self.standing = standing;
        let numbered = claims.iter().enumerate();
        self.renders = numbered
            .flat_map(|(path, claims)| (0..claims.len()).map(move |place| (path, place)))
            .collect();
        let collisions = fleet::collisions(self.rivals(&claims));
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        for collision in &collisions {
            collision.report(|number| self.job(number), &mut sources, &mut diagnostics);
            self.blocked.extend(collision.jobs.iter().map(|(number, _)| self.renders[*number]));
        }
        if !collisions.is_empty() {
            terminal::findings(&diagnostics, &sources);
            self.code = self.code.max(Exit::Findings);
        }
    }

    /// The renders whose claims may be those of another one, by the digests of the claims. Each config is read once more.
    fn rivals(&self, claims: &[Vec<Vec<u64>>]) -> Vec<(usize, Vec<Claimed>)> {
        let mut by_path = BTreeMap::<usize, Vec<(usize, usize)>>::new();
        for number in fleet::rivals(claims.iter().flatten()) {
            let (path, place) = self.renders[number];
            by_path.entry(path).or_default().push((number, place));
        }
        let of_path = |(path, wanted): (usize, Vec<(usize, usize)>)| {
            let jobs = self.jobs(path);
            let claims =
                |(number, place): (usize, usize)| Some((number, fleet::claims(jobs.get(place)?)));
            wanted.into_iter().filter_map(claims).collect()
        };
        let found: Vec<Vec<_>> = by_path.into_par_iter().map(of_path).collect();
        found.into_iter().flatten().collect()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<usize, Vec<Job>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_read_once(&self, path: usize) -> bool {
        self.paths[path] == Path::new("-") || !self.paths[path].is_file()
    }

    fn jobs(&self, path: usize) -> Vec<Job> {
        if let Some(jobs) = self.kept().get(&path) {
            return jobs.clone();
        }
        input::jobs(&self.paths[path], self.configs, &self.folders)
    }

    fn job(&self, number: usize) -> Job {
        let (path, place) = self.renders[number];
        self.jobs(path).into_iter().nth(place).unwrap_or_default()
    }

    /// How many renders are not made because they collide with others.
    pub(super) fn blocked(&self) -> usize {
        self.renders.iter().filter(|render| self.blocked.contains(render)).count()
    }

    /// Works on every render in parallel and shows the results in order. Gives the worst exit code.
    pub(super) fn each<T: Send>(
        &self,
        work: impl Fn(&str, Job) -> T + Sync,
        show: impl FnMut(T) -> Exit,
    ) -> Exit {
        self.each_or_standing(work, |_| None, show)
    }

    /// The same, with what is told of a render that stands, by its name.
    pub(super) fn each_or_standing<T: Send>(
        &self,
        work: impl Fn(&str, Job) -> T + Sync,
        standing: impl Fn(&str) -> Option<T> + Sync,
        mut show: impl FnMut(T) -> Exit,
    ) -> Exit {
        let mut code = self.code;
        let progress = self.progress();
        for chunk in self.indices().chunks(AT_ONCE) {
            let done: Vec<Vec<T>> =
                chunk.par_iter().map(|path| self.one(*path, &work, &standing)).collect();
            for result in done.into_iter().flatten() {
                code = code.max(progress.suspend(|| show(result)));
                progress.inc(1);
            }
        }
        progress.finish_and_clear();
        code
    }

    fn indices(&self) -> Vec<usize> {
        (0..self.paths.len()).collect()
    }

    fn one<T>(
        &self,
        path: usize,
        work: &impl Fn(&str, Job) -> T,
        told: &impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let standing = &self.standing[path];
        let is_free = |place: usize| !self.blocked.contains(&(path, place));
        if standing.iter().all(Option::is_some) {
            let free = standing.iter().enumerate().filter(|(place, _)| is_free(*place));
            return free.filter_map(|(_, name)| told(name.as_deref()?)).collect();
        }
        let kept = self.kept().remove(&path);
        let jobs = kept.unwrap_or_else(|| self.jobs(path));
        let free = jobs.into_iter().enumerate().filter(|(place, _)| is_free(*place));
        let shown = one_line(&self.paths[path].display().to_string());
        let one = |(place, job): (usize, Job)| match standing.get(place) {
            Some(Some(name)) => told(name),
            _ => Some(work(&shown, job)),
        };
        free.filter_map(one).collect()
    }

    /// Whether a bar shows the progress, so that good news needs no line.
    pub(super) fn has_progress(&self) -> bool {
        self.len() > MANY && std::io::stderr().is_terminal()
    }

    fn progress(&self) -> ProgressBar {
        if !self.has_progress() {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {per_sec} {eta}")
            .expect("the template is well formed");
        ProgressBar::new(self.len() as u64).with_style(style)
    }

    /// Whether findings are few enough to be shown whole; of a large fleet only errors are.
    pub(super) fn shows_all(&self) -> bool {
        self.len() <= MANY
    }
}
