//! Tells the linker what a DLL is, and the numbers of its functions.

/// Where the DLL is linked to lie.
const BASE: &str = "0x71AB0000";

/// The numbers by which programs import the functions.
const NUMBERS: [(&str, u32); 35] = [
    ("accept", 1),
    ("bind", 2),
    ("closesocket", 3),
    ("connect", 4),
    ("getpeername", 5),
    ("getsockname", 6),
    ("getsockopt", 7),
    ("htonl", 8),
    ("htons", 9),
    ("ioctlsocket", 10),
    ("inet_addr", 11),
    ("inet_ntoa", 12),
    ("listen", 13),
    ("ntohl", 14),
    ("ntohs", 15),
    ("recv", 16),
    ("recvfrom", 17),
    ("select", 18),
    ("send", 19),
    ("sendto", 20),
    ("setsockopt", 21),
    ("shutdown", 22),
    ("socket", 23),
    ("gethostbyaddr", 51),
    ("gethostbyname", 52),
    ("getprotobyname", 53),
    ("getprotobynumber", 54),
    ("getservbyname", 55),
    ("getservbyport", 56),
    ("gethostname", 57),
    ("WSAGetLastError", 111),
    ("WSASetLastError", 112),
    ("WSAStartup", 115),
    ("WSACleanup", 116),
    ("__WSAFDIsSet", 151),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    argument(&format!("/BASE:{BASE}"));
    argument("/NOENTRY");
    argument("/SUBSYSTEM:CONSOLE,4.0");
    for (name, number) in NUMBERS {
        argument(&format!("/EXPORT:{name},@{number}"));
    }
}

fn argument(text: &str) {
    println!("cargo::rustc-link-arg-cdylib={text}");
}
