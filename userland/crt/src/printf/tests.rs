use std::string::String;
use std::vec;
use std::vec::Vec;

use super::*;
use user_support::memory::fake::Bytes;

/// An argument as the words that a C caller pushes.
fn words(arguments: &[Argument]) -> Vec<u32> {
    let mut words = Vec::new();
    for argument in arguments {
        match *argument {
            Argument::W(word) => words.push(word),
            Argument::I(value) => words.push(value.cast_unsigned()),
            Argument::Q(value) => words.extend([value as u32, (value >> 32) as u32]),
            Argument::F(value) => words.extend([value.to_bits() as u32, (value.to_bits() >> 32) as u32]),
        }
    }
    words
}

enum Argument {
    W(u32),
    I(i32),
    Q(u64),
    F(f64),
}
use Argument::{F, I, Q, W};

fn memory() -> Bytes {
    // 1000: "text", 1006: L"wi", 100C: STRING of "text", 1014: UNICODE_STRING of L"wi", 101C: L"\x4E2D", 1020: room.
    Bytes::new(
        0x1000,
        b"text\0\0w\0i\0\0\0\x04\0\x04\0\x00\x10\0\0\x04\0\x04\0\x06\x10\0\0\x2D\x4E\0\0\0\0\0\0".to_vec(),
    )
}

fn narrow(template: &str, arguments: &[Argument]) -> String {
    let mut words = words(arguments).into_iter();
    let text = format_bytes(&memory(), template.as_bytes(), || words.next().expect("an argument too few")).unwrap();
    assert_eq!(words.next(), None, "{template}: an argument too many");
    String::from_utf8(text).unwrap()
}

#[track_caller]
fn check(table: &[(&str, &[Argument], &str)]) {
    for (template, arguments, expected) in table {
        assert_eq!(narrow(template, arguments), *expected, "{template}");
    }
}

#[test]
fn integers_with_flags_width_and_precision() {
    check(&[
        ("%d|%i|%u", &[I(-5), I(7), I(-1)], "-5|7|4294967295"),
        ("%5d|%-5d|%05d|%-05d", &[I(42), I(42), I(42), I(42)], "   42|42   |00042|42   "),
        ("%+d|% d|%+ d|%+d", &[I(1), I(1), I(1), I(-1)], "+1| 1|+1|-1"),
        ("%.3d|%6.3d|%-6.3d|%06.3d", &[I(5), I(5), I(5), I(5)], "005|   005|005   |000005"),
        ("%.0d|%.d|%5.0d|", &[I(0), I(0), I(0)], "||     |"),
        ("%x|%X|%#x|%#X|%#x", &[I(255), I(255), I(255), I(255), I(0)], "ff|FF|0xff|0XFF|0"),
        ("%o|%#o|%#o|%#.4o", &[I(8), I(8), I(0), I(8)], "10|010|0|0010"),
        ("%#010x|%#10x|%-#10x|", &[I(255), I(255), I(255)], "0x000000ff|      0xff|0xff      |"),
        ("%05d|%05d", &[I(-42), I(-123456)], "-0042|-123456"),
        ("%*d|%-*d|%*d|", &[I(4), I(7), I(4), I(7), I(-4), I(7)], "   7|7   |7   |"),
        ("%.*d|%.*d", &[I(3), I(7), I(-1), I(7)], "007|7"),
        ("%+u|% x", &[I(1), I(1)], "1|1"),
        ("%d %u", &[W(0x8000_0000), W(0x8000_0000)], "-2147483648 2147483648"),
    ]);
}

#[test]
fn integers_of_other_sizes() {
    check(&[
        ("%hd|%hu|%hx", &[W(0x1_FFFF), W(0x1_FFFF), W(0xABCD_1234)], "-1|65535|1234"),
        ("%ld|%lu|%lx|%I32d", &[I(-1), I(-1), I(-1), I(-1)], "-1|4294967295|ffffffff|-1"),
        ("%I64d|%I64u|%I64x", &[Q(!0), Q(!0), Q(0x1_0000_0002)], "-1|18446744073709551615|100000002"),
        (
            "%lld|%llu|%llX",
            &[Q(1 << 63), Q(1 << 63), Q(!0)],
            "-9223372036854775808|9223372036854775808|FFFFFFFFFFFFFFFF",
        ),
        ("%I64o", &[Q(!0)], "1777777777777777777777"),
        ("%Id|%Iu|%Ix", &[I(-2), I(2), I(16)], "-2|2|10"),
        ("%x", &[W(0x9ABC_DEF0)], "9abcdef0"),
        (
            "%25I64d|%025I64d",
            &[Q(5), Q((-5i64).cast_unsigned())],
            "                        5|-000000000000000000000005",
        ),
    ]);
}

#[test]
fn pointers_are_eight_capital_digits() {
    check(&[
        ("%p|%p", &[W(0x00D4_0ABC), W(0)], "00D40ABC|00000000"),
        ("%10p|%-10p|%#p", &[W(1), W(1), W(1)], "  00000001|00000001  |0X00000001"),
    ]);
}

#[test]
fn text_of_both_widths() {
    check(&[
        (
            "%s|%.2s|%6s|%-6s|%06s",
            &[W(0x1000), W(0x1000), W(0x1000), W(0x1000), W(0x1000)],
            "text|te|  text|text  |00text",
        ),
        ("%S|%ls|%ws|%hs|%hS", &[W(0x1006), W(0x1006), W(0x1006), W(0x1000), W(0x1000)], "wi|wi|wi|text|text"),
        ("%c%c|%3c|%-3c|%C|%lc", &[I(72), I(105), I(65), I(65), I(66), I(67)], "Hi|  A|A  |B|C"),
        ("%Z|%wZ|%lZ|%Z", &[W(0x100C), W(0x1014), W(0x1014), W(0)], "text|wi|wi|(null)"),
        ("%s|%.3s|%8s|%S", &[W(0), W(0), W(0), W(0)], "(null)|(nu|  (null)|(null)"),
    ]);
    let mut words = [0x101C, 0x101C].into_iter();
    assert_eq!(format_bytes(&memory(), b"%S", || words.next().unwrap()), Err(Unprintable));
}

#[test]
fn wide_functions_turn_the_widths_around() {
    let template: Vec<u16> = "%s|%S|%hs|%c|%d".encode_utf16().collect();
    let mut words = [0x101C, 0x1000, 0x1000, 0x4E2D, 5].into_iter();
    let mut text = Vec::new();
    let count = format(&memory(), &template, || words.next().unwrap(), |unit| text.push(unit));
    assert_eq!(String::from_utf16(&text).unwrap(), "中|text|text|中|5");
    assert_eq!(count, Ok(15));
}

#[test]
fn what_is_no_conversion_is_its_own_letter() {
    check(&[("100%%|%q|%5y|%", &[], "100%|q|y|"), ("%I|%", &[], "I|"), ("%-", &[], "")]);
}

#[test]
fn the_count_so_far_is_delivered() {
    let memory = memory();
    let mut words = [7, 0x1020, 0x1022].into_iter();
    let text = format_bytes(&memory, b"ab%d%hn%%%hn", || words.next().unwrap()).unwrap();
    assert_eq!((text.as_slice(), memory.read_u32(0x1020)), (&b"ab7%"[..], 0x0004_0003));
}

#[test]
fn fixed_point() {
    check(&[
        ("%f|%f|%f", &[F(0.0), F(-0.0), F(3.1234565)], "0.000000|-0.000000|3.123457"),
        (
            "%.2f|%.0f|%#.0f|%10.3f|%-10.3f|",
            &[F(1.005), F(7.0), F(7.0), F(2.5), F(2.5)],
            "1.00|7|7.|     2.500|2.500     |",
        ),
        ("%+f|% f|%08.2f|%+08.2f", &[F(1.0), F(1.0), F(-1.5), F(1.5)], "+1.000000| 1.000000|-0001.50|+0001.50"),
        ("%.1f|%.1f|%.3f", &[F(0.25), F(0.35), F(0.0005)], "0.3|0.3|0.001"),
        ("%.0f|%.0f|%.0f|%.0f", &[F(0.5), F(1.5), F(2.5), F(0.49)], "1|2|3|0"),
        ("%.2f|%.1f|%.0f", &[F(9.999), F(99.96), F(999.5)], "10.00|100.0|1000"),
        ("%f|%f", &[F(1e15), F(123456789.125)], "1000000000000000.000000|123456789.125000"),
        ("%.20f", &[F(0.1)], "0.10000000000000001000"),
        ("%.0f", &[F(1e23)], "99999999999999992000000"),
        ("%f|%.2f|%.3f", &[F(1e-10), F(0.001), F(0.0004)], "0.000000|0.00|0.000"),
        ("%lf|%Lf", &[F(1.5), F(1.5)], "1.500000|1.500000"),
    ]);
}

#[test]
fn exponents_have_three_digits() {
    check(&[
        ("%e|%E|%e", &[F(0.0), F(12345.678), F(-1e-5)], "0.000000e+000|1.234568E+004|-1.000000e-005"),
        ("%.0e|%#.0e|%.3e|%12.2e|", &[F(15.0), F(15.0), F(9.9996), F(1.0)], "2e+001|2.e+001|1.000e+001|   1.00e+000|"),
        ("%e|%e|%e", &[F(f64::MAX), F(f64::MIN_POSITIVE), F(5e-324)], "1.797693e+308|2.225074e-308|4.940656e-324"),
        ("%.16e|%.20e", &[F(0.1), F(1.0 / 3.0)], "1.0000000000000001e-001|3.33333333333333310000e-001"),
    ]);
}

#[test]
fn general_style_takes_the_shorter_and_crops() {
    check(&[
        ("%g|%g|%g|%g", &[F(0.0), F(1.0), F(100000.0), F(1000000.0)], "0|1|100000|1e+006"),
        ("%g|%g|%g", &[F(0.0001), F(0.00001), F(1.5)], "0.0001|1e-005|1.5"),
        ("%#g|%#g|%.3g|%.10g", &[F(1.0), F(1e10), F(1234.5), F(0.1)], "1.00000|1.00000e+010|1.23e+003|0.1"),
        ("%g|%g|%.0g|%G", &[F(999999.5), F(123456.7), F(25.0), F(1e-7)], "1e+006|123457|3e+001|1E-007"),
        ("%.17g|%.15g", &[F(0.1), F(0.1)], "0.10000000000000001|0.1"),
        ("%8g|%-8g|%08g", &[F(2.5), F(2.5), F(-2.5)], "     2.5|2.5     |-00002.5"),
    ]);
}

#[test]
fn what_is_not_a_number() {
    let indefinite = f64::from_bits(0xFFF8_0000_0000_0000);
    let quiet = f64::from_bits(0x7FF8_0000_0000_0000);
    check(&[
        (
            "%g|%g|%g|%g",
            &[F(f64::INFINITY), F(f64::NEG_INFINITY), F(quiet), F(indefinite)],
            "1.#INF|-1.#INF|1.#QNAN|-1.#IND",
        ),
        ("%f|%f|%f", &[F(f64::INFINITY), F(quiet), F(indefinite)], "1.#INF00|1.#QNAN0|-1.#IND00"),
        (
            "%e|%.2f|%.1f|%.0f",
            &[F(f64::INFINITY), F(f64::INFINITY), F(f64::INFINITY), F(f64::INFINITY)],
            "1.#INF00e+000|1.#J|1.$|1",
        ),
        ("%10g|%-10g|%+g", &[F(f64::INFINITY), F(f64::INFINITY), F(f64::INFINITY)], "    1.#INF|1.#INF    |+1.#INF"),
    ]);
}

#[test]
fn hostile_widths_end() {
    assert_eq!(narrow("%5000d", &[I(1)]).len(), 5000);
    assert_eq!(narrow("%.5000f", &[F(0.5)]).len(), 5002);
    assert_eq!(narrow("%99999999999999999999", &[]), "");
    assert_eq!(digits_of(1.0).rounded(-5), Digits { digits: vec![], point: 1 });
}
