//! Tells the linker what a DLL is and what it exports beside the functions that say so themselves.

/// Where the DLL is linked to lie.
const BASE: &str = "0x77C10000";

/// C functions of the compiler's run-time library that programs import from here.
const C_FUNCTIONS: [&str; 5] = ["memcpy", "memmove", "memset", "memcmp", "strlen"];

/// Second names: each is the same function. Multi-byte characters have one byte each.
const ALIASES: [(&str, &str); 46] = [
    ("_ismbbkana", "isleadbyte"),
    ("_ismbblead", "isleadbyte"),
    ("_ismbbtrail", "isleadbyte"),
    ("_ismbcalnum", "isalnum"),
    ("_ismbcalpha", "isalpha"),
    ("_ismbcdigit", "isdigit"),
    ("_ismbcgraph", "isgraph"),
    ("_ismbclower", "islower"),
    ("_ismbcprint", "isprint"),
    ("_ismbcpunct", "ispunct"),
    ("_ismbcspace", "isspace"),
    ("_ismbcupper", "isupper"),
    ("_lrotl", "_rotl"),
    ("_lrotr", "_rotr"),
    ("_mbctolower", "tolower"),
    ("_mbctoupper", "toupper"),
    ("_mbscat", "strcat"),
    ("_mbschr", "strchr"),
    ("_mbscmp", "strcmp"),
    ("_mbscoll", "strcoll"),
    ("_mbscpy", "strcpy"),
    ("_mbscspn", "strcspn"),
    ("_mbsdup", "_strdup"),
    ("_mbsicmp", "_stricmp"),
    ("_mbsicoll", "_stricoll"),
    ("_mbslen", "strlen"),
    ("_mbslwr", "_strlwr"),
    ("_mbsnbcat", "strncat"),
    ("_mbsnbcmp", "strncmp"),
    ("_mbsnbcpy", "strncpy"),
    ("_mbsnbicmp", "_strnicmp"),
    ("_mbsnbset", "_strnset"),
    ("_mbsncat", "strncat"),
    ("_mbsncmp", "strncmp"),
    ("_mbsncpy", "strncpy"),
    ("_mbsnicmp", "_strnicmp"),
    ("_mbsnset", "_strnset"),
    ("_mbspbrk", "strpbrk"),
    ("_mbsrchr", "strrchr"),
    ("_mbsrev", "_strrev"),
    ("_mbsset", "_strset"),
    ("_mbsspn", "strspn"),
    ("_mbsstr", "strstr"),
    ("_mbstok", "strtok"),
    ("_mbstrlen", "strlen"),
    ("_mbsupr", "_strupr"),
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../order/msvcrt");
    println!("cargo::rerun-if-changed=../link");
    argument(&format!("/BASE:{BASE}"));
    argument("/ENTRY:DllMain");
    argument("/SUBSYSTEM:CONSOLE,4.0");
    for function in C_FUNCTIONS {
        argument(&format!("/EXPORT:{function}"));
    }
    for (name, target) in ALIASES {
        argument(&format!("/EXPORT:{name}={target}"));
    }
}

fn argument(text: &str) {
    println!("cargo::rustc-link-arg-cdylib={text}");
}
