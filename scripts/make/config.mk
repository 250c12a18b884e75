# SPDX-License-Identifier: MIT
# Tools, flags, folders. VARIANT picks a build: release, san (ASan + UBSan),
# fuzz (clang, libFuzzer), size-<n> (n doorbells and queues), or mutant-<name>.
VARIANT ?= release
B := build/$(VARIANT)
BIN := $(B)/bin
OBJ := $(B)/obj

CC := gcc
CXX := g++
VERILATOR := verilator
PKG_CONFIG := pkg-config
Q := $(if $(V),,@)
CCACHE := $(shell command -v ccache 2>/dev/null)

WARN := -Wall -Wextra -Werror
INCLUDES := -Idriver/include -Idriver/umd -Idriver/kmd -Isim/include -Isim/device -Isim/thread \
  -Isim/memory -Isim/bus -Isim/trap -Isim/os -Isim/os/monitor -Isim/model -Isim/lockstep -Isim/host
OPT := -O2 -g
SAN :=
ifeq ($(VARIANT),san)
OPT := -O1 -g -fno-omit-frame-pointer
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined
endif
ifeq ($(VARIANT),fuzz)
CC := clang
CXX := clang++
SAN := -fsanitize=address,fuzzer-no-link
endif
# Doorbells and hardware queues of the device; 64 is the RTL's own default.
SIZE := $(patsubst size-%,%,$(filter size-%,$(VARIANT)))
SIZED := $(if $(SIZE),-DBELL_MODEL_SLOTS=$(SIZE)u -DBELL_MODEL_QUEUES=$(SIZE)u)
COMMON := $(OPT) $(SAN) $(SIZED) -fPIC -fno-semantic-interposition -MMD -MP $(INCLUDES)
CFLAGS_DRIVER := -std=c11 $(WARN) $(COMMON)
CFLAGS_SIM := -std=gnu11 $(WARN) $(COMMON)
CXXFLAGS_SIM := -std=c++17 $(WARN) $(COMMON)
JSON_CFLAGS = $(shell $(PKG_CONFIG) --cflags json-c)
JSON_LIBS = $(shell $(PKG_CONFIG) --libs json-c)
