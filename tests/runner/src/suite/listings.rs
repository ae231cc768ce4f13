//! What the debugger prints of a real process, looked at as a person would: are the rows regular, do the sums agree, is it an
//! XP address space?

type Verdict = Result<(), String>;

/// The lines that follow the echo of `command`, up to the next one.
fn section<'a>(text: &'a str, command: &str) -> Result<Vec<&'a str>, String> {
    let echo = format!("kd> {command}");
    let mut lines = text.lines().skip_while(|line| *line != echo);
    lines.next().ok_or_else(|| format!("{command} was not carried out:\n{text}"))?;
    Ok(lines.take_while(|line| !line.starts_with("kd> ")).collect())
}

/// A row of `!vad`.
struct Row {
    level: u32,
    start: u32,
    end: u32,
    rest: String,
}

fn row(line: &str) -> Option<Row> {
    let mut words = line.split_whitespace();
    let address = words.next().filter(|word| word.len() == 8)?;
    u32::from_str_radix(address, 16).ok().filter(|address| *address >= 0x8000_0000)?;
    let level = words.next()?.parse().ok()?;
    let mut page = || u32::from_str_radix(words.next()?, 16).ok();
    let (start, end) = (page()?, page()?);
    let _commit: u32 = words.next()?.parse().ok()?;
    Some(Row { level, start, end, rest: words.collect::<Vec<_>>().join(" ") })
}

/// Checks a listing of `!vad` of `program`, mapped at its usual base.
pub(super) fn vad(text: &str, program: &str) -> Verdict {
    let lines = section(text, "!vad")?;
    let [header, rows @ .., "", total] = &lines[..] else { return Err(format!("no listing:\n{}", lines.join("\n"))) };
    if *header != "VAD     level      start      end    commit" {
        return Err(format!("the header: {header}"));
    }
    let rows = rows.iter().map(|line| row(line).ok_or_else(|| format!("the row {line}")));
    let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
    let ordered = rows.windows(2).all(|pair| pair[0].end < pair[1].start);
    let whole = rows.iter().all(|row| row.start <= row.end && row.end <= 0x7_FFDF);
    let roots = rows.iter().filter(|row| row.level == 0).count();
    if !ordered || !whole || roots != 1 {
        return Err(format!("ordered {ordered}, within user space {whole}, {roots} roots:\n{}", lines.join("\n")));
    }
    let (count, levels) = (rows.len(), rows.iter().map(|row| row.level).sum::<u32>());
    let deepest = rows.iter().map(|row| row.level).max().unwrap_or(0);
    let average = levels / u32::try_from(count).unwrap_or(1);
    let expected = format!("Total VADs: {count:>5}  average level: {average:>4}  maximum depth: {deepest}");
    if *total != expected {
        return Err(format!("{total}\nshould be\n{expected}"));
    }
    let image = |name: &str| format!("Mapped Exe EXECUTE_WRITECOPY \\{name}");
    for (start, rest) in [
        (0x400, image(program)),
        (0x7C800, image("WINDOWS\\system32\\kernel32.dll")),
        (0x7C920, image("WINDOWS\\system32\\ntdll.dll")),
        (0x10, "Private READWRITE".into()),
        (0x7FFDF, "Private READWRITE".into()),
    ] {
        if !rows.iter().any(|row| row.start == start && row.rest == rest) {
            return Err(format!("no row from {start:x} with {rest}:\n{}", lines.join("\n")));
        }
    }
    Ok(())
}

/// Checks that the states of `!memusage` add up, and that `program` and its image are among the users.
pub(super) fn memusage(text: &str, program: &str) -> Verdict {
    let lines = section(text, "!memusage")?;
    let count = |line: &&str| {
        let (name, rest) = line.split_once(':')?;
        Some((name.trim().to_owned(), rest.split_whitespace().next()?.parse::<u32>().ok()?))
    };
    let counts: Vec<(String, u32)> =
        lines.iter().take_while(|line| !line.contains("Usage Summary")).filter_map(count).collect();
    let (total, states): (Vec<_>, Vec<_>) = counts.iter().partition(|(name, _)| name == "TOTAL");
    let sum: u32 = states.iter().map(|(_, count)| count).sum();
    let named = |words: &str| lines.iter().any(|line| line.ends_with(words));
    let users = named(&format!("  mapped_file( {program} )")) && named(&format!("  process ( {program} )"));
    if states.len() == 9 && total.len() == 1 && total[0].1 == sum && users {
        return Ok(());
    }
    Err(format!("states {states:?}, total {total:?}, users {users}:\n{}", lines.join("\n")))
}

/// Checks that `!process 0 1` shows `program` with its details, and the System process.
pub(super) fn process(text: &str, program: &str) -> Verdict {
    let lines = section(text, "!process 0 1")?;
    let shown = |words: &str| lines.iter().filter(|line| line.starts_with(words)).count();
    let images = shown("    Image: System") == 1 && shown(&format!("    Image: {program}")) == 1;
    let regular = shown("PROCESS ") == 2 && shown("    VadRoot ") == 2 && shown("    CommitCharge ") == 2;
    if images && regular { Ok(()) } else { Err(lines.join("\n")) }
}

/// Checks what is listed of the program `views`: each kind of view, its handles, and two of the control areas.
pub(super) fn views(text: &str) -> Verdict {
    let rows: Vec<Row> = section(text, "!vad")?.into_iter().filter_map(row).collect();
    for (start, end, rest) in [
        (0x3000, 0x3004, "Mapped READWRITE Pagefile section, shared commit 0x5"),
        (0x3100, 0x3101, "Mapped WRITECOPY Pagefile section, shared commit 0x5"),
        (0x3200, 0x3204, "Mapped READONLY Pagefile section, shared commit 0x5"),
        (0x3300, 0x330F, "Mapped READWRITE Pagefile section, shared commit 0x3"),
        (0x3400, 0x340F, "Private READWRITE"),
        (0x3500, 0x3520, "Mapped READWRITE \\views.tmp"),
        (0x3600, 0x3602, "Mapped WRITECOPY \\views.tmp"),
    ] {
        if !rows.iter().any(|row| row.start == start && row.end == end && row.rest == rest) {
            return Err(format!("no row {start:x} to {end:x} with {rest}:\n{text}"));
        }
    }
    let image = "Mapped Exe EXECUTE_WRITECOPY \\WINDOWS\\system32\\psapi.dll";
    if !rows.iter().any(|row| row.start == 0x3700 && row.rest == image) {
        return Err(format!("no row from 3700 with {image}:\n{text}"));
    }
    let handles = section(text, "!handle")?.join("\n");
    for words in [
        ") Section\n",
        "Name: views",
        ") File\n",
        "Name: \\views.tmp {HarddiskVolume1}",
        "Name: gate",
        ") Event\n",
        ") Mutant\n",
        "(Inherit) Entry:",
    ] {
        if !handles.contains(words) {
            return Err(format!("{words:?} is not among the handles:\n{handles}"));
        }
    }
    let memory = section(text, "!ca 3000000")?.join("\n");
    let file = section(text, "!ca 3500000")?.join("\n");
    let image = section(text, "!ca 400000")?.join("\n");
    let of_memory = ["Section Ref         1", "Mapped Views        3", "Total Ptes        5", "    READWRITE"];
    let of_file =
        ["\\views.tmp", "Section Ref         2", "Mapped Views        2", "Total Ptes       21", "Subsection 2 @"];
    let of_image = ["\\views.exe", "Image File", "Mapped Views        1", "    EXECUTE_READ", "Subsection 2 @"];
    let missing = of_memory.iter().filter(|words| !memory.contains(**words));
    let missing = missing.chain(of_file.iter().filter(|words| !file.contains(**words)));
    let missing: Vec<_> = missing.chain(of_image.iter().filter(|words| !image.contains(**words))).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("no {missing:?} in\n{memory}\n{file}\n{image}")) }
}

/// Checks that the audit was clean.
pub(super) fn verify(text: &str) -> Verdict {
    let lines = section(text, "!verify")?;
    match lines.first() {
        Some(line) if line.starts_with("The audit is clean") => Ok(()),
        _ => Err(lines.join("\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAD: &str = "kd> !vad\nVAD     level      start      end    commit\n\
        a0001f88    2         10       10         1 Private      READWRITE\n\
        a0001da8    1        400      405         2 Mapped  Exe  EXECUTE_WRITECOPY  \\hello.exe\n\
        a0003670    0      7c800    7c80e         2 Mapped  Exe  EXECUTE_WRITECOPY  \\WINDOWS\\system32\\kernel32.dll\n\
        a0001de0    2      7c920    7c932         1 Mapped  Exe  EXECUTE_WRITECOPY  \\WINDOWS\\system32\\ntdll.dll\n\
        a0001e18    1      7ffdf    7ffdf         1 Private      READWRITE\n\n\
        Total VADs:     5  average level:    1  maximum depth: 2\nkd> next\n";

    #[test]
    fn a_listing_is_refused_for_each_thing_that_is_wrong() {
        assert_eq!(vad(VAD, "hello.exe"), Ok(()));
        for (right, wrong) in [
            ("7c80e", "7c921"),
            ("    0      7c800", "    1      7c800"),
            ("VADs:     5", "VADs:     6"),
            ("average level:    1", "average level:    2"),
            ("depth: 2", "depth: 3"),
            ("hello.exe", "other.exe"),
            ("a0001e18", "1e18"),
            ("7ffdf    7ffdf", "7ffdf    7ffe0"),
            ("kd> !vad", "kd> !pte"),
        ] {
            assert!(vad(&VAD.replacen(right, wrong, 1), "hello.exe").is_err(), "{wrong}");
        }
    }

    #[test]
    fn sums_that_do_not_agree_are_seen() {
        let names = [
            "Zeroed",
            "Free",
            "Standby",
            "Modified",
            "ModifiedNoWrite",
            "Active/Valid",
            "Transition",
            "Bad",
            "Unknown",
        ];
        let states: String = names.iter().map(|name| format!("{name:>19}:        2 (       8 kb)\n")).collect();
        let text = format!(
            "kd> !memusage\n{states}{:>19}:       18 (      72 kb)\n  Usage Summary (in Kb):\n\
             a0001918     12  mapped_file( a.exe )\n--------     40  process ( a.exe )\n",
            "TOTAL"
        );
        assert_eq!(memusage(&text, "a.exe"), Ok(()));
        assert!(memusage(&text.replace("  18", "  19"), "a.exe").is_err());
        assert!(memusage(&text, "b.exe").is_err());
        assert!(verify("kd> !verify\nThe audit found CORRUPTION\n").is_err());
    }
}
