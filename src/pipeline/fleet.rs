//! What only shows when all configs of a run are seen together.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use super::Job;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Sources};
use crate::render::Plan;

/// Most places that one finding names.
const MOST_PLACES: usize = 8;

/// What no two configs of a fleet may have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Claim {
    /// The folder that the render is written to, which is the deployment's name.
    Folder(String),
    /// A pool: subscription, resource group, Batch account and pool ID, in lowercase.
    Pool([String; 4]),
}

/// A claim, and the pointer to the value that makes it.
pub type Claimed = (Claim, String);

/// The claims of a job, eight bytes each: of ten thousand jobs nothing else is kept.
pub fn digests(claims: &[Claimed]) -> Vec<u64> {
    claims.iter().map(|(claim, _)| FixedState::default().hash_one(claim)).collect()
}

/// The jobs whose claims may be those of another one, as the digests say: the number of each, in order.
pub fn rivals<'a>(digests: impl IntoIterator<Item = &'a Vec<u64>>) -> Vec<usize> {
    let numbered = digests.into_iter().enumerate();
    let each = numbered.flat_map(|(job, digests)| digests.iter().map(move |digest| (*digest, job)));
    let mut all: Vec<(u64, usize)> = each.collect();
    all.sort_unstable();
    let same = all.chunk_by(|one, other| one.0 == other.0).filter(|same| same.len() > 1);
    let rivals: BTreeSet<usize> = same.flatten().map(|(_, job)| *job).collect();
    rivals.into_iter().collect()
}

/// What a job claims.
pub fn claims(job: &Job) -> Vec<Claimed> {
    let mut claims: Vec<Claimed> = job.name().and_then(folder).into_iter().collect();
    let Some(model) = job.model() else { return claims };
    let Some(batch) = &model.batch else { return claims };
    let subscription = model.subscription.as_deref();
    let account = [&model.resource_group, &batch.account].map(String::as_str);
    claims.extend(pools(subscription, account, batch.pools.iter().map(|pool| &*pool.id)));
    claims
}

/// The same as the plan of the job's render has it, without understanding the config once more.
pub fn planned_claims(plan: &Plan) -> Vec<Claimed> {
    let mut claims: Vec<Claimed> = folder(&plan.name).into_iter().collect();
    let Some(batch) = &plan.batch else { return claims };
    let account = [&plan.resource_group, &batch.account].map(String::as_str);
    let ids = batch.pools.iter().map(|pool| &*pool.id);
    claims.extend(pools(plan.subscription.as_deref(), account, ids));
    claims
}

fn folder(name: &str) -> Option<Claimed> {
    // A name that is refused writes no folder, and its own finding says more.
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.chars().all(plain).then(|| (Claim::Folder(name.to_owned()), "/name".to_owned()))
}

fn pools<'a>(
    subscription: Option<&'a str>,
    [group, account]: [&'a str; 2],
    ids: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = Claimed> {
    ids.enumerate().map(move |(index, id)| {
        let parts = [subscription.unwrap_or_default(), group, account, id];
        (Claim::Pool(parts.map(str::to_lowercase)), format!("/batch/pools/{index}/id"))
    })
}

/// A claim that several jobs make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// What they claim.
    pub claim: Claim,
    /// The jobs, by their number, with the pointer to the value.
    pub jobs: Vec<(usize, String)>,
}

/// The claims that more than one job makes, in order.
pub fn collisions(claims: impl IntoIterator<Item = (usize, Vec<Claimed>)>) -> Vec<Collision> {
    let mut by_claim = BTreeMap::<Claim, Vec<(usize, String)>>::new();
    for (job, claimed) in claims {
        for (claim, pointer) in claimed {
            by_claim.entry(claim).or_default().push((job, pointer));
        }
    }
    let shared = by_claim.into_iter().filter(|(_, jobs)| jobs.len() > 1);
    let mut found: Vec<Collision> = shared.map(|(claim, jobs)| Collision { claim, jobs }).collect();
    // Two configs that write one folder usually are one config twice: its pools say nothing new.
    let folders: Vec<Vec<usize>> = found
        .iter()
        .filter(|found| matches!(found.claim, Claim::Folder(_)))
        .map(Collision::numbers)
        .collect();
    found.retain(|found| {
        matches!(found.claim, Claim::Folder(_)) || !folders.contains(&found.numbers())
    });
    found
}

impl Collision {
    fn numbers(&self) -> Vec<usize> {
        self.jobs.iter().map(|(job, _)| *job).collect()
    }

    /// Reports `PB0501` for a folder and `PB0502` for a pool, at every value that claims it.
    pub fn report(
        &self,
        job: impl Fn(usize) -> Job,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) {
        let mut finding = match &self.claim {
            Claim::Folder(name) => Diagnostic::error(
                "PB0501",
                format!("{} configs have the name `{name}`", self.jobs.len()),
            )
            .reason("they render to the same folder, so one render would replace the other")
            .help("give every config and environment a unique name"),
            Claim::Pool([.., account, pool]) => Diagnostic::error(
                "PB0502",
                format!("{} configs deploy pool `{pool}`", self.jobs.len()),
            )
            .reason(format!(
                "in Batch account `{account}`: each deployment would overwrite the others"
            ))
            .help("use different pool IDs, or keep the pool in one config only"),
        };
        for (number, pointer) in self.jobs.iter().take(MOST_PLACES) {
            let job = job(*number);
            let Some(place) = job.document.as_ref().and_then(|found| found.place(pointer)) else {
                continue;
            };
            let label = match &job.environment {
                Some(environment) => format!("environment `{environment}`"),
                None => "here".to_owned(),
            };
            let place = moved(place, &job.sources, sources);
            if finding.place.is_none() {
                finding = finding.at(place, label);
            } else {
                finding = finding.related(place, label);
            }
        }
        diagnostics.push(finding);
    }
}

/// The same place in other sources, the file being added when it is not there.
fn moved(place: Place, from: &Sources, to: &mut Sources) -> Place {
    let file = from.file(place.file);
    let known = to.iter().find(|(_, known)| known.name == file.name).map(|(id, _)| id);
    let id = known.unwrap_or_else(|| to.add(file.name.clone(), file.text.clone()));
    Place { file: id, span: place.span }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test reads the examples")]
mod tests {
    use super::*;
    use crate::catalog::Date;
    use crate::pipeline::{Input, Tools};
    use crate::render::PLAN;

    fn folder(name: &str) -> Claimed {
        (Claim::Folder(name.to_owned()), "/name".to_owned())
    }

    fn pool(id: &str) -> Claimed {
        (Claim::Pool(["", "rg", "account", id].map(str::to_owned)), "/batch/pools/0/id".to_owned())
    }

    #[test]
    fn a_plan_claims_what_its_job_claims() {
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
        let tools = Tools::new(Date::parse("2026-01-01").expect("a day"));
        let mut pools = 0;
        for entry in std::fs::read_dir(examples).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|ending| ending != "yaml") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("it is there");
            let input = Input { path: path.display().to_string(), bytes, ..Input::default() };
            let claimed = claims(&Job::alone(&input));
            let Some(render) = Job::alone(&input).render(&tools).render else { continue };
            let plan = serde_json::from_str(&render.artifacts.files[PLAN]).expect("a plan");
            assert_eq!(planned_claims(&plan), claimed, "{}", path.display());
            pools += claimed.len() - 1;
        }
        assert!(pools > 3, "the examples have pools: {pools}");
    }

    #[test]
    fn rivals_are_the_jobs_that_claim_the_same() {
        let jobs = [vec![folder("a"), pool("p")], vec![folder("b")], vec![], vec![pool("p")]];
        let digests: Vec<_> = jobs.iter().map(|claims| digests(claims)).collect();
        assert_eq!(rivals(&digests), [0, 3]);
        assert!(rivals(&digests[..3]).is_empty());
        assert_ne!(super::digests(&[folder("a")]), super::digests(&[folder("b")]));
    }

    #[test]
    fn claims_of_one_job_each_do_not_collide() {
        let claims = [(0, vec![folder("a"), pool("p")]), (1, vec![folder("b"), pool("q")])];
        assert_eq!(collisions(claims), []);
    }

    #[test]
    fn shared_folder_hides_the_shared_pools_of_the_same_jobs() {
        let claims = [(0, vec![folder("a"), pool("p")]), (1, vec![folder("a"), pool("p")])];
        let found = collisions(claims);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].claim, folder("a").0);
    }

    #[test]
    fn shared_pool_names_every_job() {
        let claims = [
            (0, vec![folder("a"), pool("p")]),
            (3, vec![folder("b"), pool("p")]),
            (7, vec![folder("c"), pool("p")]),
        ];
        assert_eq!(collisions(claims)[0].numbers(), [0, 3, 7]);
    }
}
