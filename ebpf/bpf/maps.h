/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* The maps. All are pinned by name, in a directory that tells their layout,
 * and outlive the agent; another build's are brought into this layout (see
 * src/migration.rs, which also lists those that count). All that programs
 * write take their memory when they are made: a hash that
 * allocates as it fills (BPF_F_NO_PREALLOC) refuses entries with ENOMEM when
 * they come quickly, be there memory or not, and an ADD must not fail for
 * that. Together about 16 MiB, and 0.8 MiB for each CPU. */
#ifndef TARTAN_MAPS_H
#define TARTAN_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

/* Containers on one host; the densest hosts we know run under a thousand. */
#define MAX_ENDPOINTS 8192
/* One address per family and endpoint. */
#define MAX_ENDPOINT_ADDRESSES (2 * MAX_ENDPOINTS)
/* The host's own addresses, later all other single addresses it must know. */
#define MAX_KNOWN_ADDRESSES 65536
/* (classes on this host) x (classes they talk with) x 2 x 2; what is beyond
 * is counted in class_counter_overflow. */
#define MAX_CLASS_PAIRS 32768

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct endpoint);
} endpoint_by_ifindex SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINT_ADDRESSES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct address);
	__type(value, struct local_address);
} endpoint_by_address SEC(".maps");

/* What is in none of the two address maps is the world. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_KNOWN_ADDRESSES);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct address);
	__type(value, struct known_address);
} class_by_address SEC(".maps");

/* Both made by the agent with the endpoint, and removed with it. What passes
 * is counted per CPU, for speed; what is dropped is rare and has many reasons,
 * so it is counted once, by atomic additions. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct endpoint_traffic);
} endpoint_traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct endpoint_drops);
} endpoint_drops SEC(".maps");

/* Made by the first packet of a pair. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, MAX_CLASS_PAIRS);
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

/* What maps of other layouts had counted before these came in their place:
 * one sum for all CPUs, written once by the agent, read beside the counters.
 * No program writes them, so they may take their memory as they fill. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct endpoint_traffic);
} endpoint_traffic_carried SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_ENDPOINTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct endpoint_drops);
} endpoint_drops_carried SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CLASS_PAIRS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, struct class_pair);
	__type(value, struct traffic);
} class_counters_carried SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DIRECTIONS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct traffic);
} class_counter_overflow_carried SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DIRECTIONS * DROP_REASONS);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, struct traffic);
} drops_carried SEC(".maps");

#endif
