// SPDX-License-Identifier: MIT
// Generated from rtl/regs/*.rdl by scripts/gen_regs.py: do not edit.
// systemrdl-compiler 1.33.0, peakrdl-regblock 1.3.1
//
// Codes, and where the fields of words in host memory are.

package bell_formats_pkg;

  // bell_cause_e
  localparam logic [7:0] CauseNone = 8'd0;
  localparam logic [7:0] CauseUserIrq = 8'd1;
  localparam logic [7:0] CausePageFault = 8'd2;
  localparam logic [7:0] CauseBusError = 8'd3;
  localparam logic [7:0] CausePtrBounds = 8'd4;
  localparam logic [7:0] CauseBadEntry = 8'd5;
  localparam logic [7:0] CauseBadPacket = 8'd6;
  localparam logic [7:0] CauseDeliberateFault = 8'd7;
  localparam logic [7:0] CauseAborted = 8'd8;
  localparam logic [7:0] CauseStopped = 8'd9;
  localparam logic [7:0] CauseEngineIdle = 8'd10;
  localparam logic [7:0] CauseEngineHung = 8'd11;
  localparam logic [7:0] CauseSchedLog = 8'd12;
  localparam logic [7:0] CauseFenceSignaled = 8'd13;
  localparam logic [7:0] CauseSchedLogLost = 8'd14;
  localparam logic [7:0] CauseRingRejected = 8'd16;
  localparam logic [7:0] CauseRingUnowned = 8'd17;
  localparam logic [7:0] CauseAccessRefused = 8'd18;

  // bell_layout_e
  localparam logic [7:0] LayoutPage = 8'd0;
  localparam logic [7:0] LayoutPacked = 8'd1;
  localparam logic [7:0] LayoutGlobal = 8'd2;

  // bell_reject_e
  localparam logic [7:0] RejectNone = 8'd0;
  localparam logic [7:0] RejectNarrow = 8'd1;
  localparam logic [7:0] RejectOffset = 8'd2;
  localparam logic [7:0] RejectNoSlot = 8'd3;
  localparam logic [7:0] RejectQueueClosed = 8'd4;
  localparam logic [7:0] RejectBadToken = 8'd5;
  localparam logic [7:0] RejectForeignToken = 8'd6;

  // bell_queue_cmd_e
  localparam logic [7:0] QueueCmdOpen = 8'd1;
  localparam logic [7:0] QueueCmdClose = 8'd2;
  localparam logic [7:0] QueueCmdAdd = 8'd3;
  localparam logic [7:0] QueueCmdRemove = 8'd4;
  localparam logic [7:0] QueueCmdKick = 8'd5;
  localparam logic [7:0] QueueCmdAddRt = 8'd6;
  localparam logic [7:0] QueueCmdSuspend = 8'd7;

  // bell_block_e
  localparam logic [7:0] BlockNone = 8'd0;
  localparam logic [7:0] BlockClosed = 8'd1;
  localparam logic [7:0] BlockFaulted = 8'd2;
  localparam logic [7:0] BlockUnlisted = 8'd3;
  localparam logic [7:0] BlockNoWork = 8'd4;
  localparam logic [7:0] BlockFence = 8'd5;
  localparam logic [7:0] BlockDisabled = 8'd6;
  localparam logic [7:0] BlockGated = 8'd7;
  localparam logic [7:0] BlockLevel = 8'd8;
  localparam logic [7:0] BlockPeer = 8'd9;
  localparam logic [7:0] BlockTurn = 8'd10;

  // bell_op_e
  localparam logic [7:0] OpNop = 8'd0;
  localparam logic [7:0] OpWork = 8'd1;
  localparam logic [7:0] OpFill = 8'd2;
  localparam logic [7:0] OpCopy = 8'd3;
  localparam logic [7:0] OpWrite64 = 8'd4;
  localparam logic [7:0] OpFence = 8'd5;
  localparam logic [7:0] OpIrq = 8'd6;
  localparam logic [7:0] OpFault = 8'd7;
  localparam logic [7:0] OpHang = 8'd8;
  localparam logic [7:0] OpSignal = 8'd9;
  localparam logic [7:0] OpWait = 8'd10;

  // BAR0: Scheduler. Masks: bit n is word n.
  localparam int unsigned SchedFirst = 512;
  localparam int unsigned SchedStride = 256;
  localparam int unsigned SchedMax = 1;
  localparam logic [31:0] SchedReadMask = 32'd1048563;
  localparam logic [31:0] SchedWriteMask = 32'd1048327;
  localparam int unsigned SchedBandsOffset = 0;
  localparam int unsigned SchedBandsNormalPercentLsb = 0;
  localparam int unsigned SchedBandsNormalPercentMsb = 6;
  localparam int unsigned SchedBandsNormalSliceLsb = 32;
  localparam int unsigned SchedBandsNormalSliceMsb = 63;
  localparam logic [63:0] SchedBandsNormalPercentReset = 64'd10;
  localparam logic [63:0] SchedBandsNormalSliceReset = 64'd16384;
  localparam int unsigned SchedTimeOffset = 8;
  localparam int unsigned SchedTimeClocksLsb = 0;
  localparam int unsigned SchedTimeClocksMsb = 63;
  localparam int unsigned SchedFenceWakeOffset = 16;
  localparam int unsigned SchedFenceWakeKeyLsb = 0;
  localparam int unsigned SchedFenceWakeKeyMsb = 5;
  localparam int unsigned SchedFenceWakeAllLsb = 8;
  localparam int unsigned SchedFenceWakeAllMsb = 8;
  localparam int unsigned SchedNodeRun0Offset = 32;
  localparam int unsigned SchedNodeRun0QueueLsb = 0;
  localparam int unsigned SchedNodeRun0QueueMsb = 15;
  localparam int unsigned SchedNodeRun0ValidLsb = 31;
  localparam int unsigned SchedNodeRun0ValidMsb = 31;
  localparam int unsigned SchedNodeRun0LevelLsb = 40;
  localparam int unsigned SchedNodeRun0LevelMsb = 45;
  localparam int unsigned SchedNodeRun1Offset = 40;
  localparam int unsigned SchedNodeRun1QueueLsb = 0;
  localparam int unsigned SchedNodeRun1QueueMsb = 15;
  localparam int unsigned SchedNodeRun1ValidLsb = 31;
  localparam int unsigned SchedNodeRun1ValidMsb = 31;
  localparam int unsigned SchedNodeRun1LevelLsb = 40;
  localparam int unsigned SchedNodeRun1LevelMsb = 45;
  localparam int unsigned SchedNodeRun2Offset = 48;
  localparam int unsigned SchedNodeRun2QueueLsb = 0;
  localparam int unsigned SchedNodeRun2QueueMsb = 15;
  localparam int unsigned SchedNodeRun2ValidLsb = 31;
  localparam int unsigned SchedNodeRun2ValidMsb = 31;
  localparam int unsigned SchedNodeRun2LevelLsb = 40;
  localparam int unsigned SchedNodeRun2LevelMsb = 45;
  localparam int unsigned SchedNodeRun3Offset = 56;
  localparam int unsigned SchedNodeRun3QueueLsb = 0;
  localparam int unsigned SchedNodeRun3QueueMsb = 15;
  localparam int unsigned SchedNodeRun3ValidLsb = 31;
  localparam int unsigned SchedNodeRun3ValidMsb = 31;
  localparam int unsigned SchedNodeRun3LevelLsb = 40;
  localparam int unsigned SchedNodeRun3LevelMsb = 45;
  localparam int unsigned SchedLogBase0Offset = 64;
  localparam int unsigned SchedLogBase0AddrLsb = 0;
  localparam int unsigned SchedLogBase0AddrMsb = 47;
  localparam int unsigned SchedLogBase0EnableLsb = 63;
  localparam int unsigned SchedLogBase0EnableMsb = 63;
  localparam int unsigned SchedLogBase1Offset = 72;
  localparam int unsigned SchedLogBase1AddrLsb = 0;
  localparam int unsigned SchedLogBase1AddrMsb = 47;
  localparam int unsigned SchedLogBase1EnableLsb = 63;
  localparam int unsigned SchedLogBase1EnableMsb = 63;
  localparam int unsigned SchedLogBase2Offset = 80;
  localparam int unsigned SchedLogBase2AddrLsb = 0;
  localparam int unsigned SchedLogBase2AddrMsb = 47;
  localparam int unsigned SchedLogBase2EnableLsb = 63;
  localparam int unsigned SchedLogBase2EnableMsb = 63;
  localparam int unsigned SchedLogBase3Offset = 88;
  localparam int unsigned SchedLogBase3AddrLsb = 0;
  localparam int unsigned SchedLogBase3AddrMsb = 47;
  localparam int unsigned SchedLogBase3EnableLsb = 63;
  localparam int unsigned SchedLogBase3EnableMsb = 63;
  localparam int unsigned SchedLogConfig0Offset = 96;
  localparam int unsigned SchedLogConfig0EntriesLsb = 0;
  localparam int unsigned SchedLogConfig0EntriesMsb = 15;
  localparam int unsigned SchedLogConfig0InterruptEntryLsb = 16;
  localparam int unsigned SchedLogConfig0InterruptEntryMsb = 31;
  localparam logic [63:0] SchedLogConfig0InterruptEntryReset = 64'd65535;
  localparam int unsigned SchedLogConfig1Offset = 104;
  localparam int unsigned SchedLogConfig1EntriesLsb = 0;
  localparam int unsigned SchedLogConfig1EntriesMsb = 15;
  localparam int unsigned SchedLogConfig1InterruptEntryLsb = 16;
  localparam int unsigned SchedLogConfig1InterruptEntryMsb = 31;
  localparam logic [63:0] SchedLogConfig1InterruptEntryReset = 64'd65535;
  localparam int unsigned SchedLogConfig2Offset = 112;
  localparam int unsigned SchedLogConfig2EntriesLsb = 0;
  localparam int unsigned SchedLogConfig2EntriesMsb = 15;
  localparam int unsigned SchedLogConfig2InterruptEntryLsb = 16;
  localparam int unsigned SchedLogConfig2InterruptEntryMsb = 31;
  localparam logic [63:0] SchedLogConfig2InterruptEntryReset = 64'd65535;
  localparam int unsigned SchedLogConfig3Offset = 120;
  localparam int unsigned SchedLogConfig3EntriesLsb = 0;
  localparam int unsigned SchedLogConfig3EntriesMsb = 15;
  localparam int unsigned SchedLogConfig3InterruptEntryLsb = 16;
  localparam int unsigned SchedLogConfig3InterruptEntryMsb = 31;
  localparam logic [63:0] SchedLogConfig3InterruptEntryReset = 64'd65535;
  localparam int unsigned SchedLogIndex0Offset = 128;
  localparam int unsigned SchedLogIndex0IndexLsb = 0;
  localparam int unsigned SchedLogIndex0IndexMsb = 31;
  localparam int unsigned SchedLogIndex0WrapsLsb = 32;
  localparam int unsigned SchedLogIndex0WrapsMsb = 63;
  localparam int unsigned SchedLogIndex1Offset = 136;
  localparam int unsigned SchedLogIndex1IndexLsb = 0;
  localparam int unsigned SchedLogIndex1IndexMsb = 31;
  localparam int unsigned SchedLogIndex1WrapsLsb = 32;
  localparam int unsigned SchedLogIndex1WrapsMsb = 63;
  localparam int unsigned SchedLogIndex2Offset = 144;
  localparam int unsigned SchedLogIndex2IndexLsb = 0;
  localparam int unsigned SchedLogIndex2IndexMsb = 31;
  localparam int unsigned SchedLogIndex2WrapsLsb = 32;
  localparam int unsigned SchedLogIndex2WrapsMsb = 63;
  localparam int unsigned SchedLogIndex3Offset = 152;
  localparam int unsigned SchedLogIndex3IndexLsb = 0;
  localparam int unsigned SchedLogIndex3IndexMsb = 31;
  localparam int unsigned SchedLogIndex3WrapsLsb = 32;
  localparam int unsigned SchedLogIndex3WrapsMsb = 63;

  // BAR0: Physical doorbell. Masks: bit n is word n.
  localparam int unsigned SlotFirst = 65536;
  localparam int unsigned SlotStride = 16;
  localparam int unsigned SlotMax = 1024;
  localparam logic [1:0] SlotReadMask = 2'd3;
  localparam logic [1:0] SlotWriteMask = 2'd1;
  localparam int unsigned SlotOwnerOffset = 0;
  localparam int unsigned SlotOwnerQueueLsb = 0;
  localparam int unsigned SlotOwnerQueueMsb = 15;
  localparam int unsigned SlotOwnerValidLsb = 31;
  localparam int unsigned SlotOwnerValidMsb = 31;
  localparam int unsigned SlotOwnerGenerationLsb = 32;
  localparam int unsigned SlotOwnerGenerationMsb = 63;
  localparam int unsigned SlotDrainOffset = 8;
  localparam int unsigned SlotDrainInFlightLsb = 0;
  localparam int unsigned SlotDrainInFlightMsb = 15;

  // BAR0: Token of a hardware queue. Masks: bit n is word n.
  localparam int unsigned TokenFirst = 196608;
  localparam int unsigned TokenStride = 8;
  localparam int unsigned TokenMax = 1024;
  localparam logic [0:0] TokenReadMask = 1'd1;
  localparam logic [0:0] TokenWriteMask = 1'd1;
  localparam int unsigned TokenListenOffset = 0;
  localparam int unsigned TokenListenPageLsb = 0;
  localparam int unsigned TokenListenPageMsb = 7;
  localparam int unsigned TokenListenValidLsb = 31;
  localparam int unsigned TokenListenValidMsb = 31;

  // BAR0: Hardware queue context. Masks: bit n is word n.
  localparam int unsigned QueueFirst = 262144;
  localparam int unsigned QueueStride = 128;
  localparam int unsigned QueueMax = 1024;
  localparam logic [15:0] QueueReadMask = 16'd65519;
  localparam logic [15:0] QueueWriteMask = 16'd65503;
  localparam int unsigned QueueBaseOffset = 0;
  localparam int unsigned QueueBaseAddrLsb = 0;
  localparam int unsigned QueueBaseAddrMsb = 47;
  localparam int unsigned QueueControlOffset = 8;
  localparam int unsigned QueueControlAddrLsb = 0;
  localparam int unsigned QueueControlAddrMsb = 47;
  localparam int unsigned QueueConfigOffset = 16;
  localparam int unsigned QueueConfigLog2EntriesLsb = 0;
  localparam int unsigned QueueConfigLog2EntriesMsb = 4;
  localparam int unsigned QueueConfigKernelRingLsb = 8;
  localparam int unsigned QueueConfigKernelRingMsb = 8;
  localparam int unsigned QueueConfigNodeLsb = 16;
  localparam int unsigned QueueConfigNodeMsb = 17;
  localparam int unsigned QueueConfigPasidLsb = 32;
  localparam int unsigned QueueConfigPasidMsb = 51;
  localparam int unsigned QueueRptrOffset = 24;
  localparam int unsigned QueueRptrCountLsb = 0;
  localparam int unsigned QueueRptrCountMsb = 63;
  localparam int unsigned QueueCmdOffset = 32;
  localparam int unsigned QueueCmdOpLsb = 0;
  localparam int unsigned QueueCmdOpMsb = 3;
  localparam int unsigned QueueCmdNowLsb = 8;
  localparam int unsigned QueueCmdNowMsb = 8;
  localparam int unsigned QueueStateOffset = 40;
  localparam int unsigned QueueStateOpenLsb = 0;
  localparam int unsigned QueueStateOpenMsb = 0;
  localparam int unsigned QueueStateListedLsb = 1;
  localparam int unsigned QueueStateListedMsb = 1;
  localparam int unsigned QueueStatePendingLsb = 2;
  localparam int unsigned QueueStatePendingMsb = 2;
  localparam int unsigned QueueStateRunningLsb = 3;
  localparam int unsigned QueueStateRunningMsb = 3;
  localparam int unsigned QueueStateWorkLsb = 4;
  localparam int unsigned QueueStateWorkMsb = 4;
  localparam int unsigned QueueStateFaultedLsb = 5;
  localparam int unsigned QueueStateFaultedMsb = 5;
  localparam int unsigned QueueStateRealtimeLsb = 6;
  localparam int unsigned QueueStateRealtimeMsb = 6;
  localparam int unsigned QueueStateBlockedLsb = 7;
  localparam int unsigned QueueStateBlockedMsb = 7;
  localparam int unsigned QueueStateCauseLsb = 8;
  localparam int unsigned QueueStateCauseMsb = 15;
  localparam int unsigned QueueStateBlockLsb = 16;
  localparam int unsigned QueueStateBlockMsb = 19;
  localparam int unsigned QueueSchedOffset = 48;
  localparam int unsigned QueueSchedLevelLsb = 0;
  localparam int unsigned QueueSchedLevelMsb = 5;
  localparam int unsigned QueueSchedPriorityLsb = 8;
  localparam int unsigned QueueSchedPriorityMsb = 11;
  localparam int unsigned QueueSchedGroupLsb = 16;
  localparam int unsigned QueueSchedGroupMsb = 21;
  localparam int unsigned QueueSchedContextLsb = 32;
  localparam int unsigned QueueSchedContextMsb = 42;
  localparam int unsigned QueueQuantumOffset = 56;
  localparam int unsigned QueueQuantumClocksLsb = 0;
  localparam int unsigned QueueQuantumClocksMsb = 31;
  localparam int unsigned QueueGraceOffset = 64;
  localparam int unsigned QueueGraceSameLsb = 0;
  localparam int unsigned QueueGraceSameMsb = 31;
  localparam int unsigned QueueGraceHigherLsb = 32;
  localparam int unsigned QueueGraceHigherMsb = 63;
  localparam int unsigned QueueResume0Offset = 72;
  localparam int unsigned QueueResume0OffsetLsb = 0;
  localparam int unsigned QueueResume0OffsetMsb = 31;
  localparam int unsigned QueueResume1Offset = 80;
  localparam int unsigned QueueResume1DoneLsb = 0;
  localparam int unsigned QueueResume1DoneMsb = 63;
  localparam int unsigned QueueHandleOffset = 88;
  localparam int unsigned QueueHandleValueLsb = 0;
  localparam int unsigned QueueHandleValueMsb = 63;
  localparam int unsigned QueueWaitLogOffset = 96;
  localparam int unsigned QueueWaitLogAddrLsb = 0;
  localparam int unsigned QueueWaitLogAddrMsb = 47;
  localparam int unsigned QueueWaitLogEnableLsb = 63;
  localparam int unsigned QueueWaitLogEnableMsb = 63;
  localparam int unsigned QueueSignalLogOffset = 104;
  localparam int unsigned QueueSignalLogAddrLsb = 0;
  localparam int unsigned QueueSignalLogAddrMsb = 47;
  localparam int unsigned QueueSignalLogEnableLsb = 63;
  localparam int unsigned QueueSignalLogEnableMsb = 63;
  localparam int unsigned QueueWaitLogIndexOffset = 112;
  localparam int unsigned QueueWaitLogIndexIndexLsb = 0;
  localparam int unsigned QueueWaitLogIndexIndexMsb = 31;
  localparam int unsigned QueueWaitLogIndexWrapsLsb = 32;
  localparam int unsigned QueueWaitLogIndexWrapsMsb = 63;
  localparam int unsigned QueueSignalLogIndexOffset = 120;
  localparam int unsigned QueueSignalLogIndexIndexLsb = 0;
  localparam int unsigned QueueSignalLogIndexIndexMsb = 31;
  localparam int unsigned QueueSignalLogIndexWrapsLsb = 32;
  localparam int unsigned QueueSignalLogIndexWrapsMsb = 63;

  // Ring control area
  localparam int unsigned ControlBytes = 16;
  localparam int unsigned ControlWptrOffset = 0;
  localparam int unsigned ControlWptrBytes = 8;
  localparam int unsigned ControlWptrCountLsb = 0;
  localparam int unsigned ControlWptrCountMsb = 63;
  localparam int unsigned ControlRptrOffset = 8;
  localparam int unsigned ControlRptrBytes = 8;
  localparam int unsigned ControlRptrCountLsb = 0;
  localparam int unsigned ControlRptrCountMsb = 63;

  // Ring entry
  localparam int unsigned EntryBytes = 16;
  localparam int unsigned EntryWord0Offset = 0;
  localparam int unsigned EntryWord0Bytes = 8;
  localparam int unsigned EntryWord0AddrLsb = 0;
  localparam int unsigned EntryWord0AddrMsb = 47;
  localparam int unsigned EntryWord0TagLsb = 48;
  localparam int unsigned EntryWord0TagMsb = 63;
  localparam int unsigned EntryWord1Offset = 8;
  localparam int unsigned EntryWord1Bytes = 8;
  localparam int unsigned EntryWord1LengthLsb = 0;
  localparam int unsigned EntryWord1LengthMsb = 31;
  localparam int unsigned EntryWord1FlagsLsb = 32;
  localparam int unsigned EntryWord1FlagsMsb = 63;

  // Command packet
  localparam int unsigned PacketBytes = 32;
  localparam int unsigned PacketHeadOffset = 0;
  localparam int unsigned PacketHeadBytes = 8;
  localparam int unsigned PacketHeadOpcodeLsb = 0;
  localparam int unsigned PacketHeadOpcodeMsb = 7;
  localparam int unsigned PacketHeadReservedLsb = 8;
  localparam int unsigned PacketHeadReservedMsb = 31;
  localparam int unsigned PacketHeadFenceLsb = 32;
  localparam int unsigned PacketHeadFenceMsb = 63;
  localparam int unsigned PacketArg1Offset = 8;
  localparam int unsigned PacketArg1Bytes = 8;
  localparam int unsigned PacketArg1ValueLsb = 0;
  localparam int unsigned PacketArg1ValueMsb = 63;
  localparam int unsigned PacketArg2Offset = 16;
  localparam int unsigned PacketArg2Bytes = 8;
  localparam int unsigned PacketArg2ValueLsb = 0;
  localparam int unsigned PacketArg2ValueMsb = 63;
  localparam int unsigned PacketArg3Offset = 24;
  localparam int unsigned PacketArg3Bytes = 8;
  localparam int unsigned PacketArg3ValueLsb = 0;
  localparam int unsigned PacketArg3ValueMsb = 63;

  // Data of the events RING_REJECTED, RING_UNOWNED, ACCESS_REFUSED
  localparam int unsigned ReportBytes = 8;
  localparam int unsigned ReportWordOffset = 0;
  localparam int unsigned ReportWordBytes = 8;
  localparam int unsigned ReportWordCountLsb = 0;
  localparam int unsigned ReportWordCountMsb = 31;
  localparam int unsigned ReportWordCodeLsb = 32;
  localparam int unsigned ReportWordCodeMsb = 39;
  localparam int unsigned ReportWordAddrLsb = 40;
  localparam int unsigned ReportWordAddrMsb = 63;

  // Data of the events ENGINE_IDLE, ENGINE_HUNG
  localparam int unsigned WatchBytes = 8;
  localparam int unsigned WatchWordOffset = 0;
  localparam int unsigned WatchWordBytes = 8;
  localparam int unsigned WatchWordLimitLsb = 0;
  localparam int unsigned WatchWordLimitMsb = 31;
  localparam int unsigned WatchWordMoreLsb = 32;
  localparam int unsigned WatchWordMoreMsb = 39;

  // Doorbell page of BAR2, one per slot; layouts PAGE and PACKED
  localparam int unsigned DoorbellBytes = 4096;
  localparam int unsigned DoorbellFirst = 0;
  localparam int unsigned DoorbellRingOffset = 0;
  localparam int unsigned DoorbellRingBytes = 8;
  localparam int unsigned DoorbellRingValueLsb = 0;
  localparam int unsigned DoorbellRingValueMsb = 63;

  // The same doorbells several to a page; layout PACKED
  localparam int unsigned PackedBytes = 512;
  localparam int unsigned PackedFirst = 4194304;
  localparam int unsigned PackedRingOffset = 0;
  localparam int unsigned PackedRingBytes = 8;
  localparam int unsigned PackedRingValueLsb = 0;
  localparam int unsigned PackedRingValueMsb = 63;

  // The one doorbell of layout GLOBAL, in as many pages as processes can be told apart
  localparam int unsigned GlobalBytes = 4096;
  localparam int unsigned GlobalFirst = 5242880;
  localparam int unsigned GlobalRingOffset = 0;
  localparam int unsigned GlobalRingBytes = 8;
  localparam int unsigned GlobalRingTokenLsb = 0;
  localparam int unsigned GlobalRingTokenMsb = 63;

  // Upper half of BAR2: second register of each doorbell, at the same place as the first
  localparam int unsigned SecondaryBytes = 8388608;
  localparam int unsigned SecondaryFirst = 8388608;
  localparam int unsigned SecondaryRingOffset = 0;
  localparam int unsigned SecondaryRingBytes = 8;
  localparam int unsigned SecondaryRingValueLsb = 0;
  localparam int unsigned SecondaryRingValueMsb = 63;

endpackage : bell_formats_pkg
