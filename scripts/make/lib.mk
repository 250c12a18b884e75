# SPDX-License-Identifier: MIT
# libbelfry.so (driver, OS model, engine, device) and the belfry command.
DRIVER_SRC := $(wildcard driver/kmd/*.c driver/umd/*.c)
SIM_C := $(filter-out sim/host/main.c,$(wildcard $(addsuffix /*.c,$(addprefix sim/,device thread \
  memory bus trap os os/monitor model lockstep host))))
SIM_CXX := $(wildcard sim/device/*.cpp)
DRIVER_OBJ := $(DRIVER_SRC:%.c=$(OBJ)/%.o)
SIM_OBJ := $(SIM_C:%.c=$(OBJ)/%.o) $(SIM_CXX:%.cpp=$(OBJ)/%.o)
VERILATOR_ROOT = $(shell $(VERILATOR) --getenv VERILATOR_ROOT)
VTOP_INCLUDES = -isystem $(VTOP) -isystem $(VERILATOR_ROOT)/include \
  -isystem $(VERILATOR_ROOT)/include/vltstd
LIB := $(B)/lib/libbelfry.so
LIBS = $(if $(filter fuzz,$(VARIANT)),-latomic) -lZydis $(JSON_LIBS) -lz -lm -ldl -lpthread

$(OBJ)/driver/%.o: driver/%.c
	@echo "  cc $<"
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(CFLAGS_DRIVER) -c $< -o $@

# A clock of the model is many small functions of several files: a sixth fewer instructions.
$(OBJ)/sim/model/%.o: WHOLE := $(if $(SAN),,-O3 -flto)
$(OBJ)/sim/%.o: sim/%.c
	@echo "  cc $<"
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(CFLAGS_SIM) $(WHOLE) $(JSON_CFLAGS) -c $< -o $@

$(OBJ)/sim/%.o: sim/%.cpp $(VTOP)/Vbell_top__ALL.a
	@echo "  c++ $<"
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CXX) $(CXXFLAGS_SIM) $(VTOP_INCLUDES) -DVM_TRACE=1 -DVM_TRACE_FST=1 -c $< -o $@

$(LIB): $(DRIVER_OBJ) $(SIM_OBJ) $(VTOP)/Vbell_top__ALL.a
	@echo "  link $@"
	@mkdir -p $(@D)
	$(Q)$(CXX) -shared $(SAN) -Wl,-soname,libbelfry.so.0 $(if $(filter fuzz,$(VARIANT)),,-Wl,-z,defs) $(DRIVER_OBJ) $(SIM_OBJ) \
	  -Wl,--whole-archive $(VTOP)/Vbell_top__ALL.a -Wl,--no-whole-archive \
	  $(addprefix $(VTOP)/,$(VTOP_RUNTIME)) \
	  $(LIBS) -o $@
	@ln -sf libbelfry.so $@.0

$(BIN)/belfry: $(OBJ)/sim/host/main.o $(LIB)
	@echo "  link $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN) $< -L$(B)/lib -lbelfry -ldl '-Wl,-rpath,$$ORIGIN/../lib' -o $@

-include $(DRIVER_OBJ:.o=.d) $(SIM_OBJ:.o=.d) $(OBJ)/sim/host/main.d
