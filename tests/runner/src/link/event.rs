//! The event channel: lines of `word key=value ...`, values percent-encoded.
//!
//! A word that this runner does not know is kept as [`Event::Other`], so that a newer kernel may say more; a
//! known word with a missing or unreadable field is an error, because a verdict would rest on it.

use super::frame::LinkError;

/// What the guest reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A job starts.
    Begin {
        /// The label that the plan gave it.
        label: String,
    },
    /// The first instruction in ring 3 is about to run.
    Ready {
        /// Ticks of the time-stamp counter since the kernel's entry.
        ticks: u64,
    },
    /// A job ended.
    End(JobEnd),
    /// The plan is worked off.
    Done,
    /// The kernel stopped.
    Bugcheck {
        /// The stop code.
        code: u32,
        /// Its four parameters, 0 where the line does not have them.
        parameters: [u32; 4],
        /// The rest of the line, as sent.
        detail: String,
    },
    /// A word this runner does not know.
    Other(String),
}

/// How a program came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEndKind {
    /// It ended itself or was ended by another process.
    Exit,
    /// An exception that nothing handled.
    Exception,
    /// The loader did not start it.
    Loader,
}

/// The `end` event of one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEnd {
    /// The label that the plan gave the job.
    pub label: String,
    /// The exit status of its process, 32 bits.
    pub status: u32,
    /// How it ended.
    pub kind: JobEndKind,
    /// For an exception: its address.
    pub address: u32,
    /// What the kernel or the loader says about it; may be empty.
    pub message: String,
    /// Ticks of the time-stamp counter while the job ran.
    pub instructions: u64,
    /// Frames in use before the process was made, if the kernel counted them.
    pub frames_before: Option<u32>,
    /// Frames in use after it was gone, if the kernel counted them.
    pub frames_after: Option<u32>,
    /// `ok`, or what the audit found.
    pub audit: String,
    /// Requests for memory that were refused to it, where the kernel refuses any.
    pub refused: Option<u32>,
    /// Services whose answer hides a refusal.
    pub violations: u32,
    /// The first of them, and its answer; may be empty.
    pub violation: String,
    /// Commit and pool blocks before and after, where they differ; may be empty.
    pub leak: String,
}

impl Event {
    /// Reads one line.
    ///
    /// # Errors
    /// [`LinkError::BadEvent`] for a known word without its fields, or a value that cannot be read.
    pub fn parse(line: &str) -> Result<Self, LinkError> {
        parse(line).map_err(|problem| LinkError::BadEvent { line: line.to_owned(), problem })
    }
}

fn parse(line: &str) -> Result<Event, String> {
    let line = line.trim_end_matches(['\r', '\n', '\0']);
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let fields = Fields::parse(rest)?;
    Ok(match word {
        "begin" => Event::Begin { label: fields.text("label")? },
        "ready" => Event::Ready { ticks: fields.decimal("tsc")? },
        "end" => Event::End(parse_end(&fields)?),
        "done" => Event::Done,
        "bugcheck" => Event::Bugcheck {
            code: fields.hexadecimal("code")?,
            parameters: parameters(&fields)?,
            detail: rest.to_owned(),
        },
        "" => return Err("no word".into()),
        _ => Event::Other(line.to_owned()),
    })
}

fn parameters(fields: &Fields) -> Result<[u32; 4], String> {
    let mut parameters = [0; 4];
    for (place, key) in parameters.iter_mut().zip(["p1", "p2", "p3", "p4"]) {
        if fields.find(key).is_some() {
            *place = fields.hexadecimal(key)?;
        }
    }
    Ok(parameters)
}

fn parse_end(fields: &Fields) -> Result<JobEnd, String> {
    let kind = match fields.text("kind")?.as_str() {
        "exit" => JobEndKind::Exit,
        "exception" => JobEndKind::Exception,
        "loader" => JobEndKind::Loader,
        other => return Err(format!("unknown kind {other:?}")),
    };
    Ok(JobEnd {
        label: fields.text("label")?,
        status: fields.hexadecimal("status")?,
        kind,
        address: match fields.find("address") {
            Some(_) => fields.hexadecimal("address")?,
            None if kind == JobEndKind::Exception => return Err("an exception without its address".into()),
            None => 0,
        },
        message: fields.find("message").unwrap_or_default().to_owned(),
        instructions: fields.decimal("instructions")?,
        frames_before: fields.optional_count("frames_before")?,
        frames_after: fields.optional_count("frames_after")?,
        audit: fields.text("audit")?,
        refused: fields.optional_count("refused")?,
        violations: fields.optional_count("violations")?.unwrap_or(0),
        violation: fields.find("violation").unwrap_or_default().to_owned(),
        leak: fields.find("leak").unwrap_or_default().to_owned(),
    })
}

/// The `key=value` pairs of a line, decoded, in order.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(text: &str) -> Result<Self, String> {
        let pairs = text.split(' ').filter(|word| !word.is_empty()).map(|word| {
            let (key, value) = word.split_once('=').ok_or_else(|| format!("{word:?} is not key=value"))?;
            Ok((key.to_owned(), decode_percent(value)?))
        });
        pairs.collect::<Result<_, String>>().map(Self)
    }

    fn find(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    fn text(&self, key: &str) -> Result<String, String> {
        self.find(key).map(str::to_owned).ok_or_else(|| format!("no {key}"))
    }

    fn decimal(&self, key: &str) -> Result<u64, String> {
        let value = self.text(key)?;
        value.parse().map_err(|_| format!("{key}={value:?} is not a decimal number"))
    }

    fn hexadecimal(&self, key: &str) -> Result<u32, String> {
        let value = self.text(key)?;
        let digits = value.strip_prefix("0x").unwrap_or(&value);
        u32::from_str_radix(digits, 16).map_err(|_| format!("{key}={value:?} is not a hexadecimal number"))
    }

    fn optional_count(&self, key: &str) -> Result<Option<u32>, String> {
        let Some(value) = self.find(key) else {
            return Ok(None);
        };
        value.parse().map(Some).map_err(|_| format!("{key}={value:?} is not a number"))
    }
}

/// Undoes percent-encoding; the result must be UTF-8.
fn decode_percent(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()];
        let value = match digits {
            [Some(high), Some(low)] => hex_digit(high).zip(hex_digit(low)),
            _ => None,
        };
        let (high, low) = value.ok_or_else(|| format!("a broken percent code in {text:?}"))?;
        bytes.push(high << 4 | low);
    }
    String::from_utf8(bytes).map_err(|_| format!("{text:?} is not UTF-8"))
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_word_is_read() {
        assert_eq!(Event::parse("begin label=hello"), Ok(Event::Begin { label: "hello".into() }));
        assert_eq!(Event::parse("ready tsc=31000000"), Ok(Event::Ready { ticks: 31_000_000 }));
        assert_eq!(Event::parse("done"), Ok(Event::Done));
        let line = "bugcheck code=0000004E p1=00000007 p4=80000000 name=PFN_LIST_CORRUPT";
        let Ok(Event::Bugcheck { code, parameters, detail }) = Event::parse(line) else { panic!("not a bugcheck") };
        assert_eq!((code, parameters), (0x4e, [7, 0, 0, 0x8000_0000]));
        assert_eq!(detail, "code=0000004E p1=00000007 p4=80000000 name=PFN_LIST_CORRUPT");
    }

    #[test]
    fn an_end_event_carries_everything_a_verdict_needs() {
        let line = "end label=a%20b status=C0000005 kind=exception address=80000000 message=read%20of%2080000000 \
                    instructions=5000 frames_before=7 frames_after=8 audit=ok";
        let Ok(Event::End(end)) = Event::parse(line) else { panic!("not an end") };
        let expected = JobEnd {
            label: "a b".into(),
            status: 0xC000_0005,
            kind: JobEndKind::Exception,
            address: 0x8000_0000,
            message: "read of 80000000".into(),
            instructions: 5000,
            frames_before: Some(7),
            frames_after: Some(8),
            audit: "ok".into(),
            refused: None,
            violations: 0,
            violation: String::new(),
            leak: String::new(),
        };
        assert_eq!(end, expected);
    }

    #[test]
    fn unknown_words_are_kept_and_broken_known_ones_are_refused() {
        assert_eq!(Event::parse("weather sun=1"), Ok(Event::Other("weather sun=1".into())));
        for line in [
            "",
            "begin",
            "begin label",
            "begin label=%4",
            "begin label=%zz",
            "begin label=%ff",
            "ready tsc=many",
            "end label=x",
            "end label=x status=0 kind=vanished instructions=1 audit=ok",
            "end label=x status=C0000005 kind=exception instructions=1 audit=ok",
            "end label=x status=0 kind=exit instructions=1 frames_before=-1 audit=ok",
            "bugcheck code=zz",
            "bugcheck code=1A p2=zz",
        ] {
            assert!(Event::parse(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn percent_codes_give_back_any_utf8_text() {
        assert_eq!(decode_percent("K%c3%b6ln%20%25%3D"), Ok("Köln %=".into()));
    }
}
