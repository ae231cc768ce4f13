//! What a guest test promises, read from the comment lines at the head of its C source.
//!
//! ```text
//! // expect: exit 0                       or: exception C0000005, or: exception C0000005 at 80000000, which is the
//!                                         address of the instruction or one that the message names
//! // expect: loader                       the loader must refuse it
//! // stdout: one line of output           repeatable; without any, output is not looked at
//! // message: text                        the loader's or the kernel's message contains this
//! // stdin: one line of input             repeatable; gives the test a boot of its own
//! // args: ARGUMENTS                      appended to the command line as they stand
//! // env: NAME=VALUE                      repeatable
//! // cpu: nx                              only on machines with no-execute pages (or: no-nx, only without)
//! // beside: other                        tests/guest/other.c runs in the background meanwhile
//! // role: helper                         not a test itself; built for others to run or load
//! // cc: FLAGS                            for the compiler; read by the Makefile
//! ```

/// How a test has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// With this exit status.
    Exit(u32),
    /// By an unhandled exception of this status, at this address if one is given.
    Exception {
        /// The NTSTATUS.
        status: u32,
        /// An address of it, if that matters.
        address: Option<u32>,
    },
    /// Not started by the loader.
    Loader,
}

/// What a test asks of the processor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Processor {
    /// Any will do.
    #[default]
    Any,
    /// One with no-execute pages.
    WithNx,
    /// One without no-execute pages.
    WithoutNx,
}

/// One guest program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestTest {
    /// The name of its source without `.c`, and of its EXE without `.exe`.
    pub name: String,
    /// How it has to end; `None` for a helper.
    pub expected: Option<Expected>,
    /// What it has to print, line ends as `\n`; `None` if that does not matter.
    pub output: Option<String>,
    /// What the message about its end has to contain.
    pub message: Option<String>,
    /// Its standard input.
    pub input: Option<String>,
    /// Its arguments, as one string.
    pub arguments: String,
    /// Settings added to its environment.
    pub environment: Vec<String>,
    /// What it asks of the processor.
    pub processor: Processor,
    /// The test that runs beside it.
    pub beside: Option<String>,
    /// Whether only an emulator that translates code gets through it in good time.
    pub is_long: bool,
}

impl GuestTest {
    /// Reads the head of a C source.
    ///
    /// # Errors
    /// One line about the first directive that cannot be read, or about a missing `expect`.
    pub fn parse(name: &str, source: &str) -> Result<Self, String> {
        let mut test = Self::named(name);
        let mut helper = false;
        for (word, value) in source.lines().take_while(|line| is_head(line)).filter_map(directive) {
            match word {
                "expect" => test.expected = Some(parse_expected(value)?),
                "stdout" => push_line(&mut test.output, value),
                "stdin" => push_line(&mut test.input, value),
                "message" => test.message = Some(value.to_owned()),
                "args" => value.clone_into(&mut test.arguments),
                "env" => test.environment.push(value.to_owned()),
                "cpu" => test.processor = parse_processor(value)?,
                "beside" => test.beside = Some(value.trim_end_matches(".exe").to_owned()),
                "role" if value == "helper" => helper = true,
                "emulator" if value == "translator" => test.is_long = true,
                "cc" => {}
                _ => return Err(format!("unknown directive `{word}: {value}`")),
            }
        }
        if test.expected.is_some() == helper {
            return Err("it needs either `// expect:` or `// role: helper` at its head".into());
        }
        Ok(test)
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            expected: None,
            output: None,
            message: None,
            input: None,
            arguments: String::new(),
            environment: Vec::new(),
            processor: Processor::Any,
            beside: None,
            is_long: false,
        }
    }
}

/// Whether a line belongs to the head: a line comment or nothing.
fn is_head(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with("//")
}

/// A comment of the form `// word: value`, where the word is one word in small letters.
fn directive(line: &str) -> Option<(&str, &str)> {
    let text = line.strip_prefix("// ")?;
    let (word, value) = text.split_once(':')?;
    let is_word = !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    is_word.then(|| (word, value.strip_prefix(' ').unwrap_or(value)))
}

fn push_line(text: &mut Option<String>, line: &str) {
    let text = text.get_or_insert_default();
    text.push_str(line);
    text.push('\n');
}

fn parse_expected(value: &str) -> Result<Expected, String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let hex = |text: &str| {
        let digits = text.strip_prefix("0x").unwrap_or(text);
        u32::from_str_radix(digits, 16).map_err(|_| format!("{text:?} is not hexadecimal"))
    };
    match words[..] {
        ["exit", status] => parse_status(status).map(Expected::Exit),
        ["exception", status] => Ok(Expected::Exception { status: hex(status)?, address: None }),
        ["exception", status, "at", address] => {
            Ok(Expected::Exception { status: hex(status)?, address: Some(hex(address)?) })
        }
        ["loader"] => Ok(Expected::Loader),
        _ => Err(format!("cannot read `expect: {value}`")),
    }
}

/// An exit status: decimal, or hexadecimal after `0x`.
fn parse_status(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("{text:?} is not an exit status"))
}

fn parse_processor(value: &str) -> Result<Processor, String> {
    match value {
        "nx" => Ok(Processor::WithNx),
        "no-nx" => Ok(Processor::WithoutNx),
        _ => Err(format!("cannot read `cpu: {value}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_with_everything_is_read() {
        let source = "// Reads a kernel address.\n// Note the colon: it is prose.\n\
                      // expect: exception C0000005 at 80000000\n// stdout: first\n// stdout:\n// stdout: third\n\
                      // stdin: input\n// args: a \"b c\"\n// env: X=1\n// cpu: nx\n// beside: spin.exe\n\
                      // message: read\n// cc: -O2\n// emulator: translator\n\n#include <windows.h>\n// expect: exit 9\n";
        let test = GuestTest::parse("read_kernel", source).unwrap();
        let expected = GuestTest {
            expected: Some(Expected::Exception { status: 0xC000_0005, address: Some(0x8000_0000) }),
            output: Some("first\n\nthird\n".into()),
            message: Some("read".into()),
            input: Some("input\n".into()),
            arguments: "a \"b c\"".into(),
            environment: vec!["X=1".into()],
            processor: Processor::WithNx,
            beside: Some("spin".into()),
            is_long: true,
            ..GuestTest::named("read_kernel")
        };
        assert_eq!(test, expected);
    }

    #[test]
    fn each_expectation_is_read() {
        for (text, expected) in [
            ("exit 0", Expected::Exit(0)),
            ("exit 0xC0000001", Expected::Exit(0xC000_0001)),
            ("exception C00000FD", Expected::Exception { status: 0xC000_00FD, address: None }),
            ("loader", Expected::Loader),
        ] {
            assert_eq!(parse_expected(text), Ok(expected), "{text}");
        }
        for text in ["", "exit", "exit x", "exception", "exception 5 near 3", "success"] {
            assert!(parse_expected(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_misspelt_or_missing_directive_is_an_error() {
        for source in ["// expct: exit 0\n", "int x;\n", "// stdout: x\n", "// expect: exit 0\n// cpu: fast\n"] {
            assert!(GuestTest::parse("x", source).is_err(), "{source}");
        }
        assert!(GuestTest::parse("x", "// role: helper\n// expect: exit 0\n").is_err());
        assert_eq!(GuestTest::parse("x", "// role: helper\n").unwrap().expected, None);
    }
}
