//! Which schemas are taken: the keywords, their shapes, and how large all of it may be.
//!
//! The library that checks answers passes over keywords that it doesn't know, and obeys a `$schema` of another draft.
//! Programs that act on an answer would rely on rules that nobody checks. So this walk comes first, and refuses them.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Fault, MOST, is_pattern, step};

/// Schemas within schemas.
const MAX_DEPTH: usize = 16;
/// The same, with references followed: what is walked through needs stack for each.
const MAX_FOLLOWED: usize = 64;
/// Schemas in all, each reference counted as what it refers to.
const MAX_NODES: usize = 1_000;
/// Characters of a pattern.
const MAX_PATTERN: usize = 256;
/// Patterns in all, each reference counted as what it refers to.
const MAX_PATTERNS: usize = 16;
/// Steps that the largest pattern may take for each byte of a text.
const STEPS_OF_A_PATTERN: usize = 128;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
const DEFINITIONS: &str = "#/$defs/";
const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
const FORMATS: [&str; 9] = ["date", "date-time", "email", "hostname", "ipv4", "ipv6", "time", "uri", "uuid"];

/// What a keyword must have.
#[derive(Clone, Copy)]
enum Shape {
    Schema,
    Schemas,
    /// Schemas by name.
    Named,
    Types,
    Text,
    Texts,
    Number,
    Positive,
    Count,
    Flag,
    /// One or more values.
    Values,
    Pattern,
    Format,
    Reference,
    Draft,
    Anything,
}

/// The keywords that are taken. Names that begin with `x-` are, too.
const KEYWORDS: [(&str, Shape); 40] = [
    ("$comment", Shape::Text),
    ("$defs", Shape::Named),
    ("$ref", Shape::Reference),
    ("$schema", Shape::Draft),
    ("additionalProperties", Shape::Schema),
    ("allOf", Shape::Schemas),
    ("anyOf", Shape::Schemas),
    ("const", Shape::Anything),
    ("default", Shape::Anything),
    ("deprecated", Shape::Flag),
    ("description", Shape::Text),
    ("else", Shape::Schema),
    ("enum", Shape::Values),
    ("enumNames", Shape::Values),
    ("examples", Shape::Values),
    ("exclusiveMaximum", Shape::Number),
    ("exclusiveMinimum", Shape::Number),
    ("format", Shape::Format),
    ("if", Shape::Schema),
    ("items", Shape::Schema),
    ("maxItems", Shape::Count),
    ("maxLength", Shape::Count),
    ("maxProperties", Shape::Count),
    ("maximum", Shape::Number),
    ("minItems", Shape::Count),
    ("minLength", Shape::Count),
    ("minProperties", Shape::Count),
    ("minimum", Shape::Number),
    ("multipleOf", Shape::Positive),
    ("not", Shape::Schema),
    ("oneOf", Shape::Schemas),
    ("pattern", Shape::Pattern),
    ("prefixItems", Shape::Schemas),
    ("properties", Shape::Named),
    ("readOnly", Shape::Flag),
    ("required", Shape::Texts),
    ("then", Shape::Schema),
    ("title", Shape::Text),
    ("type", Shape::Types),
    ("uniqueItems", Shape::Flag),
];

/// The keyword of this name.
pub fn named(keyword: &str) -> Option<&'static str> {
    KEYWORDS.iter().map(|(known, _)| *known).find(|known| *known == keyword)
}

fn shape(keyword: &str, is_root: bool) -> Option<Shape> {
    let is_of_the_root = keyword == "$defs" || keyword == "$schema";
    match KEYWORDS.iter().find(|(known, _)| *known == keyword) {
        Some((_, shape)) => (is_root || !is_of_the_root).then_some(*shape),
        None => keyword.starts_with("x-").then_some(Shape::Anything),
    }
}

/// Looks at every keyword, and at how large all of it is.
pub fn check(schema: &Value) -> Result<(), Vec<Fault>> {
    let Value::Object(root) = schema else {
        return Err(vec![Fault::new("", "type", "must be an object")]);
    };
    let mut walk = Walk { faults: Vec::new(), definitions: definitions(root), patterns: 0 };
    walk.schema("", schema, 1);
    if root.get("type").is_some_and(|it| it != "object") {
        walk.fail("/type", "schema", "must be object: modifications always are one");
    }
    if walk.faults.is_empty() {
        match Followed::new(schema).weight(schema, 1) {
            Err(Endless::Cyclic(name)) => {
                walk.fail(&step("/$defs", &name), "schema", "must not refer to itself");
            }
            Err(Endless::TooDeep) => {
                let message = format!("must have at most {MAX_FOLLOWED} levels, references followed");
                walk.fail("", "max_depth", &message);
            }
            Ok(Weight { nodes, .. }) if nodes > MAX_NODES => {
                let message = format!("must have at most {MAX_NODES} schemas, references followed");
                walk.fail("", "max_nodes", &message);
            }
            Ok(Weight { patterns, .. }) if patterns > MAX_PATTERNS => {
                let message = format!("must have at most {MAX_PATTERNS} patterns, references followed");
                walk.fail("", "max_patterns", &message);
            }
            Ok(_) => {}
        }
    }
    if walk.faults.is_empty() { Ok(()) } else { Err(walk.faults) }
}

/// What one value of an answer may meet. Of a schema that was taken.
pub fn weight(schema: &Value) -> Weight {
    let endless = Weight { keywords: usize::MAX, texts: usize::MAX, ..Weight::default() };
    Followed::new(schema).weight(schema, 1).unwrap_or(endless)
}

fn definitions(root: &Map<String, Value>) -> HashMap<&str, &Value> {
    let named = root.get("$defs").and_then(Value::as_object);
    named.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema)).collect()
}

struct Walk<'a> {
    faults: Vec<Fault>,
    definitions: HashMap<&'a str, &'a Value>,
    /// How many there were so far.
    patterns: usize,
}

impl<'a> Walk<'a> {
    fn fail(&mut self, pointer: &str, rule: &'static str, message: &str) {
        if self.faults.len() < MOST {
            self.faults.push(Fault::new(pointer, rule, message));
        }
    }

    fn schema(&mut self, at: &str, schema: &'a Value, depth: usize) {
        if self.faults.len() >= MOST {
            return;
        }
        if depth > MAX_DEPTH {
            return self.fail(at, "max_depth", &format!("must have at most {MAX_DEPTH} levels"));
        }
        let keywords = match schema {
            Value::Bool(_) => return,
            Value::Object(keywords) => keywords,
            _ => return self.fail(at, "schema", "must be a schema: an object, true or false"),
        };
        for (keyword, value) in keywords {
            let at = step(at, keyword);
            match shape(keyword, depth == 1) {
                Some(shape) => self.keyword(&at, shape, value, depth),
                None => self.fail(&at, "keyword", "is not among the keywords that are taken"),
            }
        }
    }

    fn pattern(&mut self, at: &str, pattern: &str) {
        self.patterns += 1;
        if pattern.chars().count() > MAX_PATTERN {
            self.fail(at, "max_length", &format!("must have at most {MAX_PATTERN} characters"));
        } else if self.patterns > MAX_PATTERNS {
            // Each is compiled here, which takes time.
            self.fail(at, "max_patterns", &format!("must be one of at most {MAX_PATTERNS} patterns"));
        } else if !is_pattern(pattern) {
            let message =
                "must be a regular expression without look-around and back-references, and not too large";
            self.fail(at, "pattern", message);
        }
    }

    fn keyword(&mut self, at: &str, shape: Shape, value: &'a Value, depth: usize) {
        let ok = match shape {
            Shape::Anything => true,
            Shape::Schema => {
                self.schema(at, value, depth + 1);
                true
            }
            Shape::Schemas => match value.as_array() {
                Some(schemas) if !schemas.is_empty() => {
                    for (index, schema) in schemas.iter().enumerate() {
                        self.schema(&format!("{at}/{index}"), schema, depth + 1);
                    }
                    true
                }
                _ => false,
            },
            Shape::Named => match value.as_object() {
                Some(schemas) => {
                    for (name, schema) in schemas {
                        self.schema(&step(at, name), schema, depth + 1);
                    }
                    true
                }
                None => false,
            },
            Shape::Types => match value {
                Value::String(word) => TYPES.contains(&word.as_str()),
                Value::Array(words) => {
                    let known = |it: &Value| it.as_str().is_some_and(|word| TYPES.contains(&word));
                    !words.is_empty() && words.len() <= TYPES.len() && words.iter().all(known)
                }
                _ => false,
            },
            Shape::Text => value.is_string(),
            Shape::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            Shape::Number => value.is_number(),
            Shape::Positive => value.as_f64().is_some_and(|number| number > 0.0),
            Shape::Count => value.as_u64().is_some_and(|count| u32::try_from(count).is_ok()),
            Shape::Flag => value.is_boolean(),
            Shape::Values => value.as_array().is_some_and(|list| !list.is_empty()),
            Shape::Draft => {
                if value.as_str().map(|it| it.trim_end_matches('#')) != Some(DRAFT) {
                    self.fail(at, "schema", &format!("must be {DRAFT}, or be left out"));
                }
                true
            }
            Shape::Pattern => match value.as_str() {
                Some(pattern) => {
                    self.pattern(at, pattern);
                    true
                }
                None => false,
            },
            Shape::Format => {
                match value.as_str() {
                    Some("password") => {
                        self.fail(at, "schema", "must not be password: Signoff keeps no secrets");
                    }
                    Some(format) if FORMATS.contains(&format) => {}
                    _ => self.fail(at, "schema", &format!("must be one of {}", FORMATS.join(", "))),
                }
                true
            }
            Shape::Reference => {
                match value.as_str().and_then(name_of) {
                    Some(name) if self.definitions.contains_key(name.as_str()) => {}
                    Some(_) => self.fail(at, "schema", "must refer to something under $defs"),
                    None => self.fail(at, "schema", "must be #/$defs/ and a name: nothing else is read"),
                }
                true
            }
        };
        if !ok {
            self.fail(at, "schema", must_be(shape));
        }
    }
}

fn must_be(shape: Shape) -> &'static str {
    match shape {
        Shape::Schemas => "must be a list of schemas, at least one",
        Shape::Named => "must be an object with schemas",
        Shape::Types => "must be a type, or a list of types",
        Shape::Texts => "must be a list of texts",
        Shape::Number => "must be a number",
        Shape::Positive => "must be a number above 0",
        Shape::Count => "must be a whole number, 0 or more",
        Shape::Flag => "must be true or false",
        Shape::Values => "must be a list, with at least one value",
        _ => "must be a text",
    }
}

/// The name that a reference is to.
fn name_of(reference: &str) -> Option<String> {
    let name = reference.strip_prefix(DEFINITIONS)?;
    (!name.contains('/') && !name.contains('%')).then(|| name.replace("~1", "/").replace("~0", "~"))
}

/// Why references can't be followed to their end.
enum Endless {
    /// This definition leads back to itself.
    Cyclic(String),
    TooDeep,
}

/// How much there is in a schema, each reference counted as what it refers to.
#[derive(Clone, Copy, Default)]
pub struct Weight {
    /// Schemas.
    nodes: usize,
    /// Keywords, and what they list.
    pub keywords: usize,
    /// Steps for each byte of a text.
    pub texts: usize,
    patterns: usize,
    /// Schemas within schemas.
    levels: usize,
}

/// Each definition is weighed once, so a tree of references that doubles at each level costs nothing here.
struct Followed<'a> {
    definitions: HashMap<&'a str, &'a Value>,
    known: HashMap<String, Weight>,
    /// The references that led here.
    path: Vec<String>,
}

impl<'a> Followed<'a> {
    fn new(schema: &'a Value) -> Self {
        let definitions = schema.as_object().map(definitions).unwrap_or_default();
        Self { definitions, known: HashMap::new(), path: Vec::new() }
    }

    fn weight(&mut self, schema: &'a Value, depth: usize) -> Result<Weight, Endless> {
        if depth > MAX_FOLLOWED {
            return Err(Endless::TooDeep);
        }
        let mut all = Weight { nodes: 1, keywords: 1, levels: 1, ..Weight::default() };
        let Value::Object(keywords) = schema else { return Ok(all) };
        for (keyword, value) in keywords {
            // Only what is referred to counts.
            if keyword == "$defs" {
                continue;
            }
            all.keywords += 1;
            let below: Vec<&Value> = match shape(keyword, true) {
                Some(Shape::Schema) => vec![value],
                Some(Shape::Schemas) => value.as_array().into_iter().flatten().collect(),
                Some(Shape::Named) => value.as_object().into_iter().flat_map(Map::values).collect(),
                Some(Shape::Reference) => {
                    if let Some(name) = value.as_str().and_then(name_of) {
                        all.add(self.definition(name, depth)?);
                    }
                    continue;
                }
                // What an answer is compared with, one after the other.
                Some(Shape::Values | Shape::Texts | Shape::Types | Shape::Anything) => {
                    all.keywords = all.keywords.saturating_add(values(value));
                    continue;
                }
                Some(Shape::Pattern) => {
                    all.texts += STEPS_OF_A_PATTERN;
                    all.patterns += 1;
                    continue;
                }
                Some(Shape::Format | Shape::Count) => {
                    all.texts += 1;
                    continue;
                }
                _ => continue,
            };
            for schema in below {
                let weight = self.weight(schema, depth + 1)?;
                all.add(weight);
            }
        }
        Ok(all)
    }

    fn definition(&mut self, name: String, depth: usize) -> Result<Weight, Endless> {
        if self.path.contains(&name) {
            return Err(Endless::Cyclic(name));
        }
        // It may stand deeper here than where it was weighed.
        if let Some(weight) = self.known.get(&name).copied() {
            return if depth + weight.levels > MAX_FOLLOWED { Err(Endless::TooDeep) } else { Ok(weight) };
        }
        let Some(schema) = self.definitions.get(name.as_str()).copied() else { return Ok(Weight::default()) };
        self.path.push(name.clone());
        let weight = self.weight(schema, depth + 1)?;
        self.path.pop();
        self.known.insert(name, weight);
        Ok(weight)
    }
}

impl Weight {
    fn add(&mut self, below: Self) {
        self.nodes = self.nodes.saturating_add(below.nodes);
        self.keywords = self.keywords.saturating_add(below.keywords);
        self.texts = self.texts.saturating_add(below.texts);
        self.patterns = self.patterns.saturating_add(below.patterns);
        self.levels = self.levels.max(below.levels + 1);
    }
}

/// Values in a value.
fn values(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(values).sum::<usize>() + 1,
        Value::Object(members) => members.values().map(values).sum::<usize>() + 1,
        _ => 1,
    }
}
