/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The maps. All are pinned by name, in a directory that carries ABI_VERSION,
 * and outlive the agent. Hashes take memory as they fill (NO_PREALLOC), so a
 * capacity costs a small host its buckets only: 16 bytes per two entries. */
#ifndef TARTAN_MAPS_H
#define TARTAN_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

/* Containers on one host; the densest hosts we know run under a thousand. */
#define MAX_ENDPOINTS 16384
/* One address per family and endpoint. */
#define MAX_ENDPOINT_ADDRESSES (2 * MAX_ENDPOINTS)
/* The host's own addresses, later all other single addresses it must know. */
#define MAX_KNOWN_ADDRESSES 262144
/* (classes on this host) x (classes they talk with) x 2 x 2; what is beyond
 * is counted in class_counter_overflow. */
#define MAX_CLASS_PAIRS 65536

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct endpoint);
} endpoint_by_ifindex SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINT_ADDRESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct address);
	__type(value, struct local_address);
} endpoint_by_address SEC(".maps");

/* What is in none of the two address maps is the world. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KNOWN_ADDRESSES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct address);
	__type(value, struct known_address);
} class_by_address SEC(".maps");

/* Made by the agent with the endpoint, and removed with it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct endpoint_counters);
} endpoint_counters SEC(".maps");

/* Made by the first packet of a pair. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_CLASS_PAIRS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct class_pair);
	__type(value, struct traffic);
} class_counters SEC(".maps");

/* By direction: what found no room in class_counters. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DIRECTIONS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct traffic);
} class_counter_overflow SEC(".maps");

/* By direction * DROP_REASONS + reason: all drops, with an endpoint or not. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DIRECTIONS * DROP_REASONS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct traffic);
} drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

#endif
