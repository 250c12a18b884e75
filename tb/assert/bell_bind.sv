// SPDX-License-Identifier: MIT
//
// Where each checker looks. The design does not know of any of them.

bind bell_top bell_axil_check u_axil_check (.*);
bind bell_top bell_axi4_check u_axi4_check (.*);
