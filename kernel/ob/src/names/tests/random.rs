//! Random operations against a model in which the name space is a map.

use std::collections::BTreeMap;

use model::random::Random;

use super::*;

const LETTERS: [&str; 3] = ["a", "B", "b"];

/// What the rules say: for each object its names' path while it has one, its handles, and whether it is permanent.
#[derive(Default)]
struct Model {
    handles: BTreeMap<u32, Vec<Handle>>,
    permanent: BTreeMap<u32, bool>,
    /// Parent (0 for the top), name and whether it is a directory; gone from here when the name goes.
    names: BTreeMap<u32, (u32, &'static str, bool)>,
}

impl Model {
    fn find(&self, parts: &[&str], insensitive: bool) -> Option<u32> {
        let alike = |one: &str, other: &str| one == other || insensitive && one.eq_ignore_ascii_case(other);
        parts.iter().try_fold(0, |parent, part| {
            let candidates = self.names.iter().filter(|(_, (of, name, _))| *of == parent && alike(name, part));
            // More than one fits: either may be the answer, which the caller does not compare.
            candidates.map(|(body, _)| *body).next()
        })
    }

    fn is_ambiguous(&self, parts: &[&str]) -> bool {
        let mut parents = vec![0];
        for part in parts {
            let fits = |(body, (of, name, _)): (&u32, &(u32, &str, bool))| {
                (parents.contains(of) && name.eq_ignore_ascii_case(part)).then_some(*body)
            };
            parents = self.names.iter().filter_map(fits).collect();
            if parents.len() > 1 {
                return true;
            }
        }
        false
    }
}

fn path_of(parts: &[&str]) -> String {
    format!("\\BaseNamedObjects\\{}", parts.join("\\"))
}

#[test]
fn names_do_what_a_map_of_them_would() {
    for seed in 1..=40 {
        with_names(512, |system, objects, handles| run(seed, system, objects, handles));
    }
}

fn run(seed: u64, system: &System, objects: &Objects<'_>, handles: &Handles<'_, SoftwareMachine>) {
    let before = system.mm.pool_bytes_in_use();
    let mut random = Random::new(seed);
    let mut model = Model::default();
    for step in 0..300 {
        let parts: Vec<&str> = (0..=random.below(3)).map(|_| LETTERS[random.below(3) as usize]).collect();
        let path = path_of(&parts);
        match random.below(8) {
            0..=3 => create(&mut random, &mut model, objects, handles, &parts),
            4 | 5 => close_one(&mut random, &mut model, objects, handles),
            6 if !model.permanent.is_empty() => {
                let body = *model.permanent.keys().nth(random.below(model.permanent.len() as u32) as usize).unwrap();
                make_temporary(objects, body);
                model.permanent.remove(&body);
                forget(&mut model, body);
            }
            _ => {
                let insensitive = find_with(objects, None, &path, Kind::Event, OBJ_CASE_INSENSITIVE);
                if !model.is_ambiguous(&parts) {
                    let found = insensitive.ok().and_then(|found| match found {
                        Found::Object(body) => Some(body.address()),
                        Found::Vacant(_) | Found::Beyond(..) => None,
                    });
                    assert_eq!(found, model.find(&parts, true), "seed {seed}, step {step}: {path}");
                }
            }
        }
        let found = object(objects, &path).map(Link::address);
        assert_eq!(found, model.find(&parts, false), "seed {seed}, step {step}: {path}");
        assert!(objects.verify_names().is_ok(), "seed {seed}, step {step}: {:?}", objects.verify_names());
    }
    while !model.handles.is_empty() {
        close_one(&mut random, &mut model, objects, handles);
    }
    for body in std::mem::take(&mut model.permanent).into_keys() {
        make_temporary(objects, body);
    }
    assert_eq!((objects.verify_names(), system.mm.pool_bytes_in_use()), (Ok(8), before), "seed {seed}");
}

fn make_temporary(objects: &Objects<'_>, body: u32) {
    let body: Link<ObjectBody> = Link::new(body);
    objects.reference(body);
    objects.make_temporary(body);
    if let Some(condemned) = objects.release(body) {
        objects.delete(condemned);
    }
}

/// Makes an object or opens the one there is.
fn create(
    random: &mut Random,
    model: &mut Model,
    objects: &Objects<'_>,
    handles: &Handles<'_, SoftwareMachine>,
    parts: &[&'static str],
) {
    let (last, above) = parts.split_last().unwrap();
    let attributes = if random.below(4) == 0 { OBJ_PERMANENT } else { 0 };
    let is_directory = random.below(2) == 0;
    match find(objects, &path_of(parts)) {
        Ok(Found::Object(body)) => {
            assert_eq!(Some(body.address()), model.find(parts, false));
            let handle = handles.insert(body, 1, 0).unwrap();
            model.handles.entry(body.address()).or_default().push(handle);
        }
        Ok(Found::Vacant(vacancy)) => {
            let parent = model.find(above, false).expect("the directory is there");
            let body: Link<ObjectBody> = match is_directory {
                true => objects.create_named::<ObjectDirectory>(&vacancy, attributes).unwrap().cast(),
                false => objects.create_named::<Kevent>(&vacancy, attributes).unwrap().cast(),
            };
            let handle = handles.insert(body, 1, 0).unwrap();
            assert!(objects.release(body).is_none());
            model.handles.entry(body.address()).or_default().push(handle);
            if attributes != 0 {
                model.permanent.insert(body.address(), true);
            }
            model.names.insert(body.address(), (parent, last, is_directory));
        }
        Err(NtStatus::OBJECT_PATH_NOT_FOUND) => assert_eq!(model.find(above, false), None),
        Err(NtStatus::OBJECT_TYPE_MISMATCH) => {
            let stops = |count: usize| {
                model.find(&above[..count], false).is_some_and(|body| body != 0 && !model.names[&body].2)
            };
            assert!((1..=above.len()).any(stops));
        }
        other => panic!("{other:?}"),
    }
}

fn close_one(random: &mut Random, model: &mut Model, objects: &Objects<'_>, handles: &Handles<'_, SoftwareMachine>) {
    if model.handles.is_empty() {
        return;
    }
    let body = *model.handles.keys().nth(random.below(model.handles.len() as u32) as usize).unwrap();
    let own = model.handles.get_mut(&body).unwrap();
    let handle = own.pop().unwrap();
    if own.is_empty() {
        model.handles.remove(&body);
    }
    close(objects, handles, handle);
    forget(model, body);
}

/// A name that nothing keeps goes.
fn forget(model: &mut Model, body: u32) {
    if !model.handles.contains_key(&body) && !model.permanent.contains_key(&body) {
        model.names.remove(&body);
    }
}
