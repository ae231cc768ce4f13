//! The archive that Linux takes its first files from: `newc`, as the kernel's `initramfs-buffer-format` describes it.

/// What an entry is: the kind's bits of a Unix mode, with its permissions.
const FOLDER: u32 = 0o40_755;
const PROGRAM: u32 = 0o100_755;
const DEVICE: u32 = 0o20_600;
/// Major and minor number of /dev/console.
const CONSOLE: (u32, u32) = (5, 1);

/// An archive with `programs` by their names, the folders that they expect, and a console.
#[must_use]
pub fn archive(programs: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for folder in ["dev", "proc", "sys", "tmp"] {
        entry(&mut out, folder, FOLDER, (0, 0), &[]);
    }
    entry(&mut out, "dev/console", DEVICE, CONSOLE, &[]);
    for (name, bytes) in programs {
        entry(&mut out, name, PROGRAM, (0, 0), bytes);
    }
    entry(&mut out, "TRAILER!!!", 0, (0, 0), &[]);
    out
}

/// Magic and thirteen fields of eight digits, the name with its end, the bytes; name and bytes filled up to a multiple of four.
fn entry(out: &mut Vec<u8>, name: &str, mode: u32, (major, minor): (u32, u32), bytes: &[u8]) {
    let number = out.len() as u32;
    let links = 1;
    let fields = [number, mode, 0, 0, links, 0, bytes.len() as u32, 0, 0, major, minor, name.len() as u32 + 1, 0];
    out.extend_from_slice(b"070701");
    out.extend(fields.into_iter().flat_map(|field| format!("{field:08x}").into_bytes()));
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    fill(out);
    out.extend_from_slice(bytes);
    fill(out);
}

fn fill(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_as_the_kernel_reads_them() {
        let archive = archive(&[("init", b"hello")]);
        let at = archive.windows(5).position(|window| window == b"init\0").unwrap();
        let header = std::str::from_utf8(&archive[at - 110..at]).unwrap();
        assert!(header.starts_with("070701"), "{header}");
        assert_eq!(&header[14..22], "000081ed");
        assert_eq!(&header[54..62], "00000005");
        assert_eq!(&header[94..102], "00000005");
        // 110 + 5 bytes are filled up to 116, and the five of the file to eight.
        assert_eq!(&archive[at + 6..at + 14], b"hello\0\0\0");
        assert_eq!((archive.len() % 4, at % 4), (0, 2));
        assert!(archive.windows(11).any(|window| window == b"TRAILER!!!\0"));
    }
}
