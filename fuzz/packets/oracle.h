/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* Whether a packet may pass, said once more from the rules of
 * docs/ARCHITECTURE.md and the RFCs, not from the programs. */
#ifndef TARTAN_FUZZ_ORACLE_H
#define TARTAN_FUZZ_ORACLE_H

#include "skb.h"

/* The one endpoint: its MAC address, its addresses. */
static const __u8 own_mac[6] = { 2, 0, 0, 0, 0, 0x0a };
static const __u8 own_ipv4[4] = { 192, 0, 2, 10 };
static const __u8 own_ipv6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 };
static const __u8 own_link_local[16] = { 0xfe, 0x80,	    [11] = 0xff, 0xfe,
					 [15] = 0x0a };

/* May the endpoint send it? */
int may_leave(const struct packet *packet);
/* May the endpoint receive it? */
int may_arrive(const struct packet *packet);

#endif
