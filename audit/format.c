// SPDX-License-Identifier: GPL-2.0-only
/* format.c - what the formats share. */
#include "format.h"

uint64_t record_weight(const struct record *record)
{
	switch (record->type) {
	case RECORD_LOST:
		return record->loss.count;
	case RECORD_SUPPRESSED:
		return record->event.head->suppressed.count;
	case RECORD_INSTANCE:
		return 0;
	case RECORD_VIOLATION:
		break;
	}
	return 1;
}

const char *instance_event_name(enum instance_event event)
{
	static const char *const names[INSTANCE_EVENTS] = {
		[INSTANCE_GONE] = "gone",
		[INSTANCE_OPENED] = "opened",
	};

	return event > 0 && event < INSTANCE_EVENTS ? names[event] : "?";
}

const char *loss_reason_name(enum loss_reason reason)
{
	static const char *const names[LOSS_COUNT] = {
		[LOSS_NO_ROOM] = "no-room",
		[LOSS_GAP] = "gap",
		[LOSS_UNDECODABLE] = "undecodable",
		[LOSS_OUTPUT] = "output",
	};

	return reason > 0 && reason < LOSS_COUNT ? names[reason] : "?";
}
