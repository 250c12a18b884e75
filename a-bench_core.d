bench_core.o: tb/bench/bench_core.cpp sim/device/bell_device_hash.h \
 sim/device/bell_rtl.h sim/device/bell_device.h tb/device/device_host.h \
 sim/device/bell_device.h driver/include/bell_formats.h \
 driver/include/bell_regs.h
sim/device/bell_device_hash.h:
sim/device/bell_rtl.h:
sim/device/bell_device.h:
tb/device/device_host.h:
sim/device/bell_device.h:
driver/include/bell_formats.h:
driver/include/bell_regs.h:
