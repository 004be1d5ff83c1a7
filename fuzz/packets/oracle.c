/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* See oracle.h. It reads by index from one flat copy, and knows no reasons. */
#include <string.h>

#include "oracle.h"

/* The limits that the programs state: headers end within, so many of them. */
#define DEEPEST 512
#define MOST_HEADERS 8
#define MOST_OPTIONS 8

enum kind { NOTHING, ARP, IPV4, IPV6 };

struct sight {
	enum kind kind;
	__u32 source;      /* where its addresses are */
	__u32 destination;
	int speaks_of_link;
	int is_fragment;
	__u8 hops, type, code;
	__u8 target[16];
	int macs_named;    /* by options; 2 for several */
	__u8 mac_named[6];
};

static __u8 flat[SKB_MOST_BYTES + 1024];

static unsigned two(__u32 at)
{
	return flat[at] << 8 | flat[at + 1];
}

static int is(__u32 at, const __u8 *bytes, int count)
{
	return memcmp(flat + at, bytes, count) == 0;
}

static int is_extension(__u8 protocol)
{
	static const __u8 known[] = { 0, 43, 44, 51, 60, 135, 139, 140 };

	return memchr(known, protocol, sizeof(known)) != NULL;
}

/* Are `bytes` there, before the end and not too deep? */
static int is_there(__u32 at, __u32 bytes, __u32 end)
{
	return at + bytes <= end && at + bytes <= DEEPEST;
}

static int is_link_type(__u8 type)
{
	return (type >= 130 && type <= 137) || (type >= 141 && type <= 143) ||
	       (type >= 151 && type <= 153);
}

static int read_options(struct sight *sight, __u32 at, __u32 end)
{
	for (int count = 0; count < MOST_OPTIONS && at != end; count++) {
		__u8 type, eights;

		if (!is_there(at, 8, end))
			return 0;
		type = flat[at];
		eights = flat[at + 1];
		if (!eights)
			return 0;
		if (type == 1 || type == 2) {
			memcpy(sight->mac_named, flat + at + 2, 6);
			sight->macs_named += eights == 1 ? 1 : 2;
		}
		at += eights * 8;
	}
	return at == end;
}

static int read_icmp(struct sight *sight, __u32 at, __u32 end)
{
	if (!is_there(at, 4, end))
		return 0;
	sight->type = flat[at];
	sight->code = flat[at + 1];
	sight->speaks_of_link = is_link_type(sight->type);
	at += 8;
	if (sight->type == 133)
		return at <= end && read_options(sight, at, end);
	if (sight->type != 135 && sight->type != 136)
		return 1;
	if (!is_there(at, 16, end))
		return 0;
	memcpy(sight->target, flat + at, 16);
	return read_options(sight, at + 16, end);
}

static int read_ipv6(struct sight *sight, __u32 length, int is_merged)
{
	__u32 at = 54, end, said = two(18);
	__u8 next = flat[20];
	int is_later = 0;

	if (length < 54 || flat[14] >> 4 != 6 || said > length - 54)
		return 0;
	end = said == 0 && is_merged ? length : 54 + said;
	sight->kind = IPV6;
	sight->source = 22;
	sight->destination = 38;
	sight->hops = flat[21];
	for (int count = 0; is_extension(next) && !is_later; count++) {
		__u8 kind = next;
		__u32 bytes;

		if (count > MOST_HEADERS || !is_there(at, 4, end))
			return 0;
		bytes = (flat[at + 1] + 1) * 8;
		if (kind == 43 && flat[at + 2] == 0)
			return 0;
		if (kind == 51)
			bytes = (flat[at + 1] + 2) * 4;
		if (kind == 44) {
			bytes = 8;
			sight->is_fragment = 1;
			is_later = two(at + 2) >= 8;
		}
		next = flat[at];
		at += bytes;
		if (count == MOST_HEADERS && !is_later)
			return 0;
	}
	if (at > end)
		return 0;
	if (next != 58 || is_later)
		return 1;
	return read_icmp(sight, at, end);
}

static int read_ipv4(struct sight *sight, __u32 length, int is_merged)
{
	__u32 header = (flat[14] & 15) * 4, said = two(16);

	if (length < 34 || flat[14] >> 4 != 4 || header < 20 ||
	    length < 14 + header)
		return 0;
	if (!(said == 0 && is_merged && length > 0xffff) &&
	    (said < header || said > length - 14))
		return 0;
	sight->kind = IPV4;
	sight->source = 26;
	sight->destination = 30;
	return 1;
}

static int read_arp(struct sight *sight, __u32 length)
{
	static const __u8 ethernet_and_ipv4[6] = { 0, 1, 8, 0, 6, 4 };

	if (length < 42 || !is(14, ethernet_and_ipv4, 6))
		return 0;
	sight->kind = ARP;
	sight->source = 28;
	sight->destination = 38;
	return 1;
}

static int look(const struct packet *packet, struct sight *sight)
{
	__u32 length = packet->length + packet->beyond;
	int is_merged = packet->is_merged;

	memset(sight, 0, sizeof(*sight));
	memset(flat, 0, sizeof(flat));
	if (packet->length)
		memcpy(flat, packet->bytes, packet->length);
	if (length < 14 || packet->has_tag)
		return 0;
	switch (two(12)) {
	case 0x0806:
		return read_arp(sight, length);
	case 0x0800:
		return read_ipv4(sight, length, is_merged);
	case 0x86dd:
		return read_ipv6(sight, length, is_merged);
	default:
		return 0;
	}
}

static int is_nobody(const __u8 *address, int bytes)
{
	static const __u8 zeros[16];

	return memcmp(address, zeros, bytes) == 0;
}

static int is_own_target(const __u8 *address)
{
	return !memcmp(address, own_ipv6, 16) ||
	       !memcmp(address, own_link_local, 16);
}

static int may_say_arp(const struct sight *sight)
{
	int is_request = two(20) == 1;

	if ((!is_request && two(20) != 2) || !is(22, own_mac, 6))
		return 0;
	return is(sight->source, own_ipv4, 4) ||
	       (is_request && is_nobody(flat + sight->source, 4) &&
		is(sight->destination, own_ipv4, 4));
}

static int may_say_of_link(const struct sight *sight)
{
	int is_from_nobody = is_nobody(flat + sight->source, 16);
	int names_nobody = sight->macs_named == 0;

	if (!is_from_nobody && !is_own_target(flat + sight->source))
		return 0;
	if (sight->is_fragment || sight->code)
		return 0;
	if (sight->type == 131 || sight->type == 132 || sight->type == 143)
		return sight->hops == 1;
	if (sight->hops != 255 || sight->macs_named > 1 ||
	    (!names_nobody && memcmp(sight->mac_named, own_mac, 6)))
		return 0;
	switch (sight->type) {
	case 133:
		return !is_from_nobody || names_nobody;
	case 135:
		return !is_from_nobody ||
		       (names_nobody && is_own_target(sight->target));
	case 136:
		return !is_from_nobody && is_own_target(sight->target);
	default:
		return 0;
	}
}

int may_leave(const struct packet *packet)
{
	struct sight sight;

	if (!look(packet, &sight) || !is(6, own_mac, 6))
		return 0;
	if (sight.kind == ARP)
		return may_say_arp(&sight);
	if (sight.kind == IPV4)
		return is(sight.source, own_ipv4, 4);
	if (sight.speaks_of_link)
		return may_say_of_link(&sight);
	return is(sight.source, own_ipv6, 16);
}

int may_arrive(const struct packet *packet)
{
	struct sight sight;

	if (!look(packet, &sight))
		return 0;
	if (sight.kind != IPV6)
		return is(sight.destination, own_ipv4, 4);
	if (is_own_target(flat + sight.destination))
		return 1;
	/* To a group, a question for its own address alone. */
	return flat[sight.destination] == 0xff && sight.type == 135 &&
	       sight.speaks_of_link && !sight.is_fragment &&
	       sight.hops == 255 && is_own_target(sight.target);
}
