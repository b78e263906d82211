/* Made by `cordon channel codegen --lang c` from the manifest of hard-names.
 * Change the manifest, not this. */
#ifndef CORDON_HARD_NAMES_CHANNELS_H
#define CORDON_HARD_NAMES_CHANNELS_H

#include <cordon-channel.h>
#include <stddef.h>

/* ==== Channel `default`, writer to reader: a record every 10 ms; older than 150 ms is no value. */

#define DEFAULT__NAME "default"
#define DEFAULT__PACE {0, UINT64_C(10000000), UINT64_C(150000000)}
#define DEFAULT__SCHEMA \
    "self u64\n" \
    "type i64 unit=1\n" \
    "valid u8 enum=self,none,some,option\n" \
    "option u16 enum=some\n" \
    "record u8 enum=a-1,a1\n" \
    "lead-1 u8 enum=off\n" \
    "lead1 u8 enum=off\n" \
    "all u64[64]\n" \
    "one i8[1] range=-5..5\n" \
    "int i32 range=-2147483648..2147483647\n"
#define DEFAULT__SELF_VALID (UINT64_C(1) << 0)
#define DEFAULT__SELF_MIN UINT64_C(0)
#define DEFAULT__SELF_MAX UINT64_C(18446744073709551615)
#define DEFAULT__TYPE_VALID (UINT64_C(1) << 1)
#define DEFAULT__TYPE_UNIT "1"
#define DEFAULT__TYPE_MIN (-INT64_C(9223372036854775807) - 1)
#define DEFAULT__TYPE_MAX INT64_C(9223372036854775807)
#define DEFAULT__VALID_VALID (UINT64_C(1) << 2)
#define DEFAULT__VALID_SELF 0
#define DEFAULT__VALID_NONE 1
#define DEFAULT__VALID_SOME 2
#define DEFAULT__VALID_OPTION 3
#define DEFAULT__OPTION_VALID (UINT64_C(1) << 3)
#define DEFAULT__OPTION_SOME 0
#define DEFAULT__RECORD_VALID (UINT64_C(1) << 4)
#define DEFAULT__RECORD_A_1 0
#define DEFAULT__RECORD_A1 1
#define DEFAULT__LEAD_1_VALID (UINT64_C(1) << 5)
#define DEFAULT__LEAD_1_OFF 0
#define DEFAULT__LEAD1_VALID (UINT64_C(1) << 6)
#define DEFAULT__LEAD1_OFF 0
#define DEFAULT__ALL_VALID (UINT64_C(1) << 7)
#define DEFAULT__ALL_MIN UINT64_C(0)
#define DEFAULT__ALL_MAX UINT64_C(9223372036854775807)
#define DEFAULT__ONE_VALID (UINT64_C(1) << 8)
#define DEFAULT__ONE_MIN (-5)
#define DEFAULT__ONE_MAX (5)
#define DEFAULT__INT_VALID (UINT64_C(1) << 9)
#define DEFAULT__INT_MIN (-2147483647 - 1)
#define DEFAULT__INT_MAX (2147483647)

/* One record. A field has a value where its bit of `valid` is set; it is
 * drawn as `---` where it is not. */
typedef struct default__record {
    uint64_t valid; /* of the bits *_VALID */
    uint64_t self_; /* `self`. */
    int64_t type_; /* `type`. */
    uint8_t valid_; /* `valid`. */
    uint16_t option; /* `option`. */
    uint8_t record; /* `record`. */
    uint8_t lead_1; /* `lead-1`. */
    uint8_t lead1; /* `lead1`. */
    uint64_t all[64]; /* `all`. */
    int8_t one[1]; /* It ends here * / and "there" \, -5 to 5. */
    int32_t int_; /* `int`, -2147483648 to 2147483647. */
} default__record;

CORDON_STATIC_ASSERT(sizeof(default__record) == 552, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, self_) == 8, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, type_) == 16, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, valid_) == 24, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, option) == 26, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, record) == 28, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, lead_1) == 29, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, lead1) == 30, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, all) == 32, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, one) == 544, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(default__record, int_) == 548, "packed as the channel packs");

/* The reading end; NULL when the control socket is NULL. */
static inline cordon_reader *default__reader(cordon_control *control, cordon_trust trust)
{
    const cordon_pace pace = DEFAULT__PACE;
    return cordon_reader_new(control, DEFAULT__NAME, DEFAULT__SCHEMA, &pace, trust);
}

/* The next record, each once: for a curve. */
CORDON_MUST_USE static inline bool default__take(cordon_reader *reader, default__record *record,
                                               cordon_sample *sample)
{
    return cordon_reader_take(reader, record, sizeof *record, sample);
}

/* What holds now: a record is written only with CORDON_FRESH, else `valid` is 0. */
CORDON_MUST_USE static inline cordon_now default__now(cordon_reader *reader, default__record *record,
                                                    cordon_sample *sample)
{
    return cordon_reader_now(reader, record, sizeof *record, sample);
}

/* The writing end; NULL when the control socket is NULL. */
static inline cordon_writer *default__writer(cordon_control *control)
{
    const cordon_pace pace = DEFAULT__PACE;
    return cordon_writer_new(control, DEFAULT__NAME, DEFAULT__SCHEMA, &pace);
}

CORDON_MUST_USE static inline cordon_status default__publish(cordon_writer *writer,
                                                           const default__record *record)
{
    return cordon_writer_publish(writer, record, sizeof *record);
}

/* ==== Channel `name`, writer to reader: at most 5 in 1 s. */

#define NAME_NAME "name"
#define NAME_PACE {5, UINT64_C(1000000000), 0}
#define NAME_SCHEMA \
    "name u32\n"
#define NAME_NAME_VALID (UINT64_C(1) << 0)
#define NAME_NAME_MIN UINT32_C(0)
#define NAME_NAME_MAX UINT32_C(4294967295)

/* One record. A field has a value where its bit of `valid` is set; it is
 * drawn as `---` where it is not. */
typedef struct name_record {
    uint64_t valid; /* of the bits *_VALID */
    uint32_t name; /* `name`. */
} name_record;

CORDON_STATIC_ASSERT(sizeof(name_record) == 16, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(name_record, name) == 8, "packed as the channel packs");

/* The reading end; NULL when the control socket is NULL. */
static inline cordon_reader *name_reader(cordon_control *control, cordon_trust trust)
{
    const cordon_pace pace = NAME_PACE;
    return cordon_reader_new(control, NAME_NAME, NAME_SCHEMA, &pace, trust);
}

/* The next record, each once: for a curve. */
CORDON_MUST_USE static inline bool name_take(cordon_reader *reader, name_record *record,
                                               cordon_sample *sample)
{
    return cordon_reader_take(reader, record, sizeof *record, sample);
}

/* What holds now: a record is written only with CORDON_FRESH, else `valid` is 0. */
CORDON_MUST_USE static inline cordon_now name_now(cordon_reader *reader, name_record *record,
                                                    cordon_sample *sample)
{
    return cordon_reader_now(reader, record, sizeof *record, sample);
}

/* The writing end; NULL when the control socket is NULL. */
static inline cordon_writer *name_writer(cordon_control *control)
{
    const cordon_pace pace = NAME_PACE;
    return cordon_writer_new(control, NAME_NAME, NAME_SCHEMA, &pace);
}

CORDON_MUST_USE static inline cordon_status name_publish(cordon_writer *writer,
                                                           const name_record *record)
{
    return cordon_writer_publish(writer, record, sizeof *record);
}

#endif /* CORDON_HARD_NAMES_CHANNELS_H */
