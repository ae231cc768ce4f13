# Vadose: the commands of a developer. `make help` lists them; `./vadose --help` has the ones with arguments.
#
# Each target sets up what it lacks through tests/runner/packages.sh, which is quiet when nothing is missing.

.DEFAULT_GOAL := help
.PHONY: help run test soak debug bench bench-check bench-record iso oracle forensics check clean kernel userland guest runner needs cargo-command c-programs
MAKEFLAGS += --no-print-directory

# ---- Variables a user may set: RAM=64 make run ------------------------------------------------------------------
RAM     ?=
CPU     ?=
CMDLINE ?=
TIMEOUT ?=
ICOUNT  ?=
KVM     ?=
VIDEO   ?=
MINUTES ?= 60
WINE    ?= wine
RECORD  ?=
GDB_ARGS ?=

ROW     ?=
PROFILE ?=
PEER    ?=
VMLINUZ ?=

quote = '$(subst ','\'',$(1))'
MACHINE = $(if $(RAM),--ram $(call quote,$(RAM))) $(if $(CPU),--cpu $(call quote,$(CPU))) \
	$(if $(CMDLINE),--cmdline=$(call quote,$(CMDLINE))) $(if $(TIMEOUT),--timeout $(call quote,$(TIMEOUT))) \
	$(if $(filter-out 0,$(ICOUNT)),--icount) $(if $(filter-out 0,$(KVM)),--kvm)

# The benchmark has a machine of its own, the one on which Linux was measured, unless told otherwise.
BENCH = $(if $(RAM),--ram $(call quote,$(RAM))) $(if $(CPU),--cpu $(call quote,$(CPU))) \
	$(if $(CMDLINE),--cmdline=$(call quote,$(CMDLINE))) $(if $(TIMEOUT),--timeout $(call quote,$(TIMEOUT))) \
	$(if $(ROW),--row $(call quote,$(ROW))) $(if $(filter-out 0,$(PROFILE)),--profile) $(if $(filter-out 0,$(RECORD)),--record) \
	$(if $(filter-out 0,$(PEER)),--peer $(if $(VMLINUZ),--vmlinuz $(call quote,$(VMLINUZ))))

# ---- The toolchain ----------------------------------------------------------------------------------------------
# Kernel and DLLs build the core library for their own targets, so they need its sources: from a rustup toolchain
# that has the component rust-src, else from Debian. rustup is never allowed to download anything.
export RUSTUP_AUTO_INSTALL := 0
SYSROOT  := $(shell rustc --print sysroot 2>/dev/null)
HAS_SRC  := $(and $(SYSROOT),$(filter-out /usr,$(SYSROOT)),$(wildcard $(SYSROOT)/lib/rustlib/src/rust/library/core/src/lib.rs))
BOOTSTRAP := RUSTC_BOOTSTRAP=1
ifneq ($(HAS_SRC),)
CARGO    := cargo
BARE     := env $(BOOTSTRAP) cargo
FORMAT   := cargo fmt
CLIPPY   := cargo clippy
BARE_CLIPPY := env $(BOOTSTRAP) cargo clippy
HOST_NEEDS := host
BUILD_NEEDS :=
else
DEBIAN   := env CARGO=/usr/bin/cargo RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTFMT=/usr/bin/rustfmt
FOR_BARE := $(DEBIAN) $(BOOTSTRAP) CARGO_TARGET_X86_TARGET_LINKER=ld.lld-22 CARGO_TARGET_PE_TARGET_LINKER=$(CURDIR)/userland/link VADOSE_PE_LINKER=lld-link-22
CARGO    := $(DEBIAN) /usr/bin/cargo
BARE     := $(FOR_BARE) /usr/bin/cargo
FORMAT   := $(DEBIAN) /usr/bin/cargo-fmt
CLIPPY   := $(DEBIAN) /usr/bin/cargo-clippy clippy
BARE_CLIPPY := $(FOR_BARE) /usr/bin/cargo-clippy clippy
HOST_NEEDS := host debian
BUILD_NEEDS := bare
endif
TARGET   := $(or $(CARGO_TARGET_DIR),target)
# A copy: `cargo test` puts a build of its own where `cargo build` puts the runner.
RUNNER   := out/runner
export VADOSE_CARGO := $(CARGO)
# Kernel and DLLs with the assertions that are left out else, and with arithmetic that is checked.
ifneq ($(filter-out 0,$(ASSERTIONS)),)
export CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS := true
export CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS := true
endif
# The first build shows its progress; later ones speak up only when something is wrong.
QUIET    := $(if $(wildcard $(RUNNER)),--quiet)
NEED     := tests/runner/packages.sh

# ---- What users call --------------------------------------------------------------------------------------------
help:
	@echo 'make run     boot the disc image in QEMU; the shell is on this terminal (VIDEO=1: and on the screen)'
	@echo '             ./vadose kd in a second terminal attaches to its debugger; CMDLINE=kd=wait waits for it,'
	@echo '             CMDLINE=kd=screen has it on the screen of VIDEO=1 or a PC, where Pause stops the system'
	@echo 'make test    all tests; the last line is "N passed, N failed". ASSERTIONS=1: of kernel and DLLs with debug assertions'
	@echo 'make soak    more memory than there is, for an hour (MINUTES=60): eight processes of 24 MB on 32 MB of RAM'
	@echo 'make debug   QEMU stopped at the kernel'"'"'s entry, gdb attached (GDB_ARGS="-batch -ex ..." hands words to gdb)'
	@echo '             its commands vad, pte, process, ... look for themselves, at a dump too: docs/gdb.md'
	@echo 'make bench   the benchmark table beside Linux'"'"'s, in guest instructions and in time; ROW=demand_zero_fault measures that row'
	@echo '             alone (the names are in tests/bench/targets), PROFILE=1 with it says in which functions its instructions are;'
	@echo '             PEER=1 measures Linux anew first (VMLINUZ=FILE: that kernel; RECORD=1: writes its record); docs/performance.md has the rows'
	@echo 'make bench-check   fails where a row takes more than 3 % more than tests/bench/record.json says; make bench-record'
	@echo '             writes that, with the table and the picture of docs/performance.md'
	@echo 'make iso     out/vadose.iso, a hybrid image for a CD or a USB stick'
	@echo 'make oracle  the guest tests under Wine 8.0, compared with tests/oracle/wine-8.0.txt (WINE="command"; RECORD=1 writes it anew)'
	@echo 'make forensics  stock Volatility 3 (from PyPI, into out/volatility) on a dump of a running system; each row against the kernel'"'"'s own word'
	@echo 'make check   format, lints, documentation, the list of files allowed to say unsafe'
	@echo 'make clean   remove everything built'
	@echo
	@echo 'Variables: RAM=512 (MB)  CPU=coreduo,+pse36  CMDLINE="kernel options"  TIMEOUT=60 (seconds)  ICOUNT=1  KVM=1'
	@echo 'Kernel:    pagefile=512-1024|none|PATH,MB  maxmem=MB  client4gb  zeromax=MB  badpages=1f3a,2000-20ff  memtest  debug  crashdump'
	@echo '           noexecute=optin|optout|alwayson|alwaysoff (which programs may not execute data)'
	@echo 'Programs:  ./vadose exec PROG.EXE [ARGS...]; see ./vadose --help and ./vadose exec --help'

run: kernel userland guest
	@$(NEED) qemu disc $(if $(filter-out 0,$(VIDEO)),window)
	@$(RUNNER) run $(MACHINE) $(if $(filter-out 0,$(VIDEO)),--video)

test: kernel userland guest
	@$(NEED) qemu fat disc gdb python bochs
	@$(RUNNER) test

soak: kernel userland guest
	@$(NEED) qemu fat
	@$(RUNNER) test --part stress --minutes $(MINUTES)

debug: kernel userland guest
	@$(NEED) qemu gdb
	@$(RUNNER) debug $(MACHINE) -- $(GDB_ARGS)

bench: kernel userland guest
	@$(NEED) qemu $(if $(filter-out 0,$(PEER)),peer)
	@$(RUNNER) bench $(BENCH)

bench-check: kernel userland guest
	@$(NEED) qemu
	@$(RUNNER) bench --check

bench-record: kernel userland guest
	@$(NEED) qemu
	@$(RUNNER) bench --record

iso: kernel userland guest
	@$(NEED) disc
	@$(RUNNER) iso $(if $(CMDLINE),--cmdline=$(call quote,$(CMDLINE)))

# No Wine is installed for it: docs/oracle.md says which one the record was made with.
oracle: guest
	@python3 tests/oracle/run.py --wine $(call quote,$(WINE)) $(if $(filter-out 0,$(RECORD)),--record)

forensics: kernel userland guest
	@$(NEED) qemu fat python
	@$(RUNNER) forensics

check: runner
	@$(NEED) $(if $(HAS_SRC),,check bare)
	$(FORMAT) --all --check
	$(CLIPPY) --quiet --all-targets -- -D warnings
	$(BARE_CLIPPY) --quiet --release --config kernel/target.toml -p vadose-kernel -- -D warnings
	$(BARE_CLIPPY) --quiet --release --config userland/target.toml $(DLLS:%=-p %) $(PROGRAM_CRATES) -- -D warnings
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' $(CARGO) doc --quiet --no-deps --document-private-items
	$(RUNNER) unsafe-list

clean:
	rm -rf $(TARGET) out

# ---- Building blocks --------------------------------------------------------------------------------------------
DLLS      := ntdll kernel32 msvcrt advapi32 ole32 oleaut32 psapi shell32 shlwapi user32 version winmm ws2_32
# The programs in Rust, cmd.exe, ramview.exe and vmview.exe; their libraries are built with the host's crates.
PROGRAMS  := cmd ramview vmview
PROGRAM_CRATES := -p shell -p ramview -p vmview --features shell/program,ramview/program,vmview/program
KERNEL    := $(TARGET)/x86-target/release/vadose-kernel
MINGW     := i686-w64-mingw32-gcc
# No C library and nothing hidden: the programs bring their own entry, mainCRTStartup.
C_FLAGS   := -std=gnu11 -Wall -Wextra -Werror -O1 -nostdlib -fno-delete-null-pointer-checks -ffreestanding -fno-asynchronous-unwind-tables -mconsole
C_LIBS    := -lkernel32 -lntdll -lgcc

# For ./vadose: the cargo that was chosen, and the groups of packages that a command needs.
cargo-command:
	@echo '$(CARGO)'

needs:
	@$(if $(NEEDS),$(NEED) $(NEEDS),:)

runner:
	@$(NEED) $(HOST_NEEDS)
	@$(CARGO) build $(QUIET) -p runner
	@cmp -s $(TARGET)/debug/runner $(RUNNER) || \
		{ mkdir -p out && cp $(TARGET)/debug/runner $(RUNNER).new && mv $(RUNNER).new $(RUNNER); }

# The kernel and the DLLs are given to cargo every time; cargo sees in a moment that nothing changed.
kernel: runner
	@$(if $(BUILD_NEEDS),$(NEED) $(BUILD_NEEDS))
	@$(BARE) build $(QUIET) --release --config kernel/target.toml -p vadose-kernel
	@$(MAKE) -s -f $(firstword $(MAKEFILE_LIST)) out/kernel

userland: runner
	@$(if $(BUILD_NEEDS),$(NEED) $(BUILD_NEEDS))
	@$(BARE) build $(QUIET) --release --config userland/target.toml $(DLLS:%=-p %) $(PROGRAM_CRATES)
	@$(MAKE) -s -f $(firstword $(MAKEFILE_LIST)) $(DLLS:%=out/system32/%.dll) $(PROGRAMS:%=out/system32/%.exe)

# The C programs: tests, the programs that test the commands, benchmarks, samples and the programs that ship on C:.
guest:
	@$(NEED) guest
	@$(MAKE) -s -f $(firstword $(MAKEFILE_LIST)) c-programs

out/kernel.elf: $(KERNEL) $(RUNNER)
	@mkdir -p $(@D)
	@$(RUNNER) pack-symbols $< $@

out/kernel: out/kernel.elf
	@strip -o $@ $<

# On C: without debugging information; the copy in out/symbols is for gdb. Hints for imports come from the other DLLs. Names that every
# program imports stand first: see tests/runner/src/export_names.rs.
FIRST_NAMES := userland/order/names
out/system32/%.dll: $(TARGET)/pe-target/release/%.dll $(DLLS:%=$(TARGET)/pe-target/release/%.dll) $(FIRST_NAMES) $(RUNNER)
	@mkdir -p $(@D) out/symbols
	@cp $< out/symbols/$*.dll
	@$(RUNNER) strip-dll $< $@ --first-names $(FIRST_NAMES) $(BOUND_$*:%=--bind-to out/system32/%.dll)

# What each DLL is bound to, when it is built: see tests/runner/src/bind.rs.
BOUND_kernel32 := ntdll
BOUND_msvcrt := ntdll kernel32
out/system32/kernel32.dll: out/system32/ntdll.dll
out/system32/msvcrt.dll: out/system32/ntdll.dll out/system32/kernel32.dll

out/system32/%.exe: $(TARGET)/pe-target/release/%.exe $(RUNNER)
	@mkdir -p $(@D) out/symbols
	@cp $< out/symbols/$*.exe
	@$(RUNNER) strip-dll $< $@

# Programs with the C library, as a user builds them; printf is the library's, not the compiler's.
CRT_FLAGS := -std=gnu99 -Wall -Wextra -Werror -O1 -D__USE_MINGW_ANSI_STDIO=0 -mconsole

# c-folder FOLDER,NAME[,FLAGS]: FOLDER/*.c become out/NAME/*.exe, without the C library unless FLAGS are given or a source says
# `// cc-library: msvcrt` in a line. A line `// cc: FLAGS` in a source adds flags; a file X.def named there lies in FOLDER. Each FOLDER/X.def also becomes an import
# library, for other sources to link with -lX; one whose name begins with delayed_ makes the DLL be loaded by the first call.
# FOLDER/X.rc has the resources of X.
define c-folder
$(2)_PROGRAMS := $$(patsubst $(1)/%.c,out/$(2)/%.exe,$$(wildcard $(1)/*.c)) \
	$$(patsubst $(1)/%.cpp,out/$(2)/%.exe,$$(wildcard $(1)/*.cpp))
$(2)_LIBRARIES := $$(patsubst $(1)/%.def,out/lib/$(2)/lib%.a,$$(wildcard $(1)/*.def))
$(2)_RESOURCES := $$(patsubst $(1)/%.rc,out/lib/$(2)/%.res,$$(wildcard $(1)/*.rc))
C_PROGRAMS += out/$(2) $$($(2)_PROGRAMS)

out/$(2):
	@mkdir -p $$@

out/lib/$(2)/lib%.a: $(1)/%.def
	@mkdir -p $$(@D)
	@i686-w64-mingw32-dlltool --kill-at --input-def $$< $$(if $$(findstring /delayed_,$$<),--output-delaylib,--output-lib) $$@

out/lib/$(2)/%.res: $(1)/%.rc
	@mkdir -p $$(@D)
	@i686-w64-mingw32-windres -O coff -o $$@ $$<

out/$(2)/%.exe: $(1)/%.c $$(wildcard $(1)/*.h) $$($(2)_LIBRARIES) $$($(2)_RESOURCES) Makefile
	@mkdir -p $$(@D)
	@if [ -n "$(3)" ] || grep -q '^// cc-library: msvcrt$$$$' $$<; \
		then set -- "$$(CRT_FLAGS)" ""; else set -- "$$(C_FLAGS)" "$(C_LIBS)"; fi; \
		$(MINGW) $$$$1 -o $$@ $$< $$(filter out/lib/$(2)/$$*.res,$$($(2)_RESOURCES)) -Lout/lib/$(2) $$$$(sed -n 's,^// cc: ,,p' $$< | sed 's,[a-z_]*\.def,$(1)/&,g') $$$$2

# C++ with its library in the program.
out/$(2)/%.exe: $(1)/%.cpp Makefile
	@mkdir -p $$(@D)
	@i686-w64-mingw32-g++ -Wall -Wextra -Werror -O1 -static -mconsole -s -o $$@ $$<
endef
.SECONDARY:
C_PROGRAMS :=
$(eval $(call c-folder,tests/guest,guest))
$(eval $(call c-folder,tests/crt,crt,CRT_FLAGS))
$(eval $(call c-folder,tests/commands,commands))
$(eval $(call c-folder,tests/forensics,forensics))
$(eval $(call c-folder,tests/bench,bench))
$(eval $(call c-folder,userland/samples,samples))
$(eval $(call c-folder,userland/programs,programs))
# What includes the rows of tests/rows.
$(patsubst tests/guest/%.c,out/guest/%.exe,$(wildcard tests/guest/rows_*.c tests/guest/bad_arguments*.c)): $(wildcard tests/rows/*)

c-programs: $(C_PROGRAMS)
	@:
