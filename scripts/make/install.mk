# SPDX-License-Identifier: MIT
PREFIX ?= /usr/local
DESTDIR ?=
DEST = $(DESTDIR)$(PREFIX)
VERSION := $(shell awk '/define BELFRY_VERSION_MAJOR/ {a=$$3} /define BELFRY_VERSION_MINOR/ {b=$$3} \
  END {print a "." b}' sim/include/belfry/belfry.h)

##@ Install
.PHONY: install
install: $(BIN)/belfry ## Install command, library, headers, pkg-config file (PREFIX=, DESTDIR=)
	@install -d $(DEST)/bin $(DEST)/lib/pkgconfig $(DEST)/include/belfry $(DEST)/share/man/man1 \
	  $(DEST)/share/belfry/examples
	@install -m 755 $(BIN)/belfry $(DEST)/bin/belfry
	@install -m 755 $(LIB) $(DEST)/lib/libbelfry.so.0
	@ln -sf libbelfry.so.0 $(DEST)/lib/libbelfry.so
	@install -m 644 sim/include/belfry/*.h driver/umd/bell_umd.h driver/include/*.h \
	  $(DEST)/include/belfry
	@install -m 644 sim/host/belfry.1 $(DEST)/share/man/man1/belfry.1
	@install -m 644 driver/umd/examples/*.c $(DEST)/share/belfry/examples
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' sim/host/belfry.pc.in \
	  > $(DEST)/lib/pkgconfig/belfry.pc
	@echo "installed belfry $(VERSION) to $(DEST)"
