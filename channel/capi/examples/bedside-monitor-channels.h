/* Made by `cordon channel codegen --lang c` from the manifest of bedside-monitor.
 * Change the manifest, not this. */
#ifndef CORDON_BEDSIDE_MONITOR_CHANNELS_H
#define CORDON_BEDSIDE_MONITOR_CHANNELS_H

#include <cordon-channel.h>
#include <stddef.h>

/* ==== Channel `vitals`, vitals-display to network-service: a record every 40 ms; older than 1 s is no value. */

#define VITALS_NAME "vitals"
#define VITALS_PACE {0, UINT64_C(40000000), UINT64_C(1000000000)}
#define VITALS_SCHEMA \
    "source u8 enum=record,demo\n" \
    "speed u16 unit=1 range=1..3600\n" \
    "beat u8 enum=no,yes\n" \
    "alarm-priority u8 enum=none,low,medium,high\n" \
    "alarm-count u8 range=0..16\n" \
    "alarms u32[16]\n" \
    "samples u64\n" \
    "heart-rate u16 unit=/min range=0..350\n" \
    "spo2 u16 unit=% range=0..100\n" \
    "pulse-rate u16 unit=/min range=0..350\n" \
    "respiration-rate u16 unit=/min range=0..200\n" \
    "abp-systolic i16 unit=mm[Hg] range=-50..350\n" \
    "abp-diastolic i16 unit=mm[Hg] range=-50..350\n" \
    "abp-mean i16 unit=mm[Hg] range=-50..350\n" \
    "pap-systolic i16 unit=mm[Hg] range=-50..350\n" \
    "pap-diastolic i16 unit=mm[Hg] range=-50..350\n" \
    "pap-mean i16 unit=mm[Hg] range=-50..350\n" \
    "nibp-systolic i16 unit=mm[Hg] range=0..350\n" \
    "nibp-diastolic i16 unit=mm[Hg] range=0..350\n" \
    "nibp-mean i16 unit=mm[Hg] range=0..350\n" \
    "ecg i16[20] unit=uV range=-10000..10000\n" \
    "abp i16[5] unit=mm[Hg] range=-50..350\n" \
    "pleth i16[5] range=-1000..1000\n" \
    "resp i16[5] range=-1000..1000\n"
#define VITALS_SOURCE_VALID (UINT64_C(1) << 0)
#define VITALS_SOURCE_RECORD 0
#define VITALS_SOURCE_DEMO 1
#define VITALS_SPEED_VALID (UINT64_C(1) << 1)
#define VITALS_SPEED_UNIT "1"
#define VITALS_SPEED_MIN (1)
#define VITALS_SPEED_MAX (3600)
#define VITALS_BEAT_VALID (UINT64_C(1) << 2)
#define VITALS_BEAT_NO 0
#define VITALS_BEAT_YES 1
#define VITALS_ALARM_PRIORITY_VALID (UINT64_C(1) << 3)
#define VITALS_ALARM_PRIORITY_NONE 0
#define VITALS_ALARM_PRIORITY_LOW 1
#define VITALS_ALARM_PRIORITY_MEDIUM 2
#define VITALS_ALARM_PRIORITY_HIGH 3
#define VITALS_ALARM_COUNT_VALID (UINT64_C(1) << 4)
#define VITALS_ALARM_COUNT_MIN (0)
#define VITALS_ALARM_COUNT_MAX (16)
#define VITALS_ALARMS_VALID (UINT64_C(1) << 5)
#define VITALS_ALARMS_MIN UINT32_C(0)
#define VITALS_ALARMS_MAX UINT32_C(4294967295)
#define VITALS_SAMPLES_VALID (UINT64_C(1) << 6)
#define VITALS_SAMPLES_MIN UINT64_C(0)
#define VITALS_SAMPLES_MAX UINT64_C(18446744073709551615)
#define VITALS_HEART_RATE_VALID (UINT64_C(1) << 7)
#define VITALS_HEART_RATE_UNIT "/min"
#define VITALS_HEART_RATE_MIN (0)
#define VITALS_HEART_RATE_MAX (350)
#define VITALS_SPO2_VALID (UINT64_C(1) << 8)
#define VITALS_SPO2_UNIT "%"
#define VITALS_SPO2_MIN (0)
#define VITALS_SPO2_MAX (100)
#define VITALS_PULSE_RATE_VALID (UINT64_C(1) << 9)
#define VITALS_PULSE_RATE_UNIT "/min"
#define VITALS_PULSE_RATE_MIN (0)
#define VITALS_PULSE_RATE_MAX (350)
#define VITALS_RESPIRATION_RATE_VALID (UINT64_C(1) << 10)
#define VITALS_RESPIRATION_RATE_UNIT "/min"
#define VITALS_RESPIRATION_RATE_MIN (0)
#define VITALS_RESPIRATION_RATE_MAX (200)
#define VITALS_ABP_SYSTOLIC_VALID (UINT64_C(1) << 11)
#define VITALS_ABP_SYSTOLIC_UNIT "mm[Hg]"
#define VITALS_ABP_SYSTOLIC_MIN (-50)
#define VITALS_ABP_SYSTOLIC_MAX (350)
#define VITALS_ABP_DIASTOLIC_VALID (UINT64_C(1) << 12)
#define VITALS_ABP_DIASTOLIC_UNIT "mm[Hg]"
#define VITALS_ABP_DIASTOLIC_MIN (-50)
#define VITALS_ABP_DIASTOLIC_MAX (350)
#define VITALS_ABP_MEAN_VALID (UINT64_C(1) << 13)
#define VITALS_ABP_MEAN_UNIT "mm[Hg]"
#define VITALS_ABP_MEAN_MIN (-50)
#define VITALS_ABP_MEAN_MAX (350)
#define VITALS_PAP_SYSTOLIC_VALID (UINT64_C(1) << 14)
#define VITALS_PAP_SYSTOLIC_UNIT "mm[Hg]"
#define VITALS_PAP_SYSTOLIC_MIN (-50)
#define VITALS_PAP_SYSTOLIC_MAX (350)
#define VITALS_PAP_DIASTOLIC_VALID (UINT64_C(1) << 15)
#define VITALS_PAP_DIASTOLIC_UNIT "mm[Hg]"
#define VITALS_PAP_DIASTOLIC_MIN (-50)
#define VITALS_PAP_DIASTOLIC_MAX (350)
#define VITALS_PAP_MEAN_VALID (UINT64_C(1) << 16)
#define VITALS_PAP_MEAN_UNIT "mm[Hg]"
#define VITALS_PAP_MEAN_MIN (-50)
#define VITALS_PAP_MEAN_MAX (350)
#define VITALS_NIBP_SYSTOLIC_VALID (UINT64_C(1) << 17)
#define VITALS_NIBP_SYSTOLIC_UNIT "mm[Hg]"
#define VITALS_NIBP_SYSTOLIC_MIN (0)
#define VITALS_NIBP_SYSTOLIC_MAX (350)
#define VITALS_NIBP_DIASTOLIC_VALID (UINT64_C(1) << 18)
#define VITALS_NIBP_DIASTOLIC_UNIT "mm[Hg]"
#define VITALS_NIBP_DIASTOLIC_MIN (0)
#define VITALS_NIBP_DIASTOLIC_MAX (350)
#define VITALS_NIBP_MEAN_VALID (UINT64_C(1) << 19)
#define VITALS_NIBP_MEAN_UNIT "mm[Hg]"
#define VITALS_NIBP_MEAN_MIN (0)
#define VITALS_NIBP_MEAN_MAX (350)
#define VITALS_ECG_VALID (UINT64_C(1) << 20)
#define VITALS_ECG_UNIT "uV"
#define VITALS_ECG_MIN (-10000)
#define VITALS_ECG_MAX (10000)
#define VITALS_ABP_VALID (UINT64_C(1) << 21)
#define VITALS_ABP_UNIT "mm[Hg]"
#define VITALS_ABP_MIN (-50)
#define VITALS_ABP_MAX (350)
#define VITALS_PLETH_VALID (UINT64_C(1) << 22)
#define VITALS_PLETH_MIN (-1000)
#define VITALS_PLETH_MAX (1000)
#define VITALS_RESP_VALID (UINT64_C(1) << 23)
#define VITALS_RESP_MIN (-1000)
#define VITALS_RESP_MAX (1000)

/* One record. A field has a value where its bit of `valid` is set; it is
 * drawn as `---` where it is not. */
typedef struct vitals_record {
    uint64_t valid; /* of the bits *_VALID */
    uint8_t source; /* Whether a sensor's record or the built-in simulator. */
    uint16_t speed; /* Of a replayed record; 1 is real time, 1 to 3600. */
    uint8_t beat; /* A heart beat fell into this period. */
    uint8_t alarm_priority; /* Of the most urgent alarm, as IEC 60601-1-8. */
    uint8_t alarm_count; /* `alarm-count`, 0 to 16. */
    uint32_t alarms[16]; /* Ids of the active alarms. */
    uint64_t samples; /* Frames of the input consumed since the display started. */
    uint16_t heart_rate; /* `heart-rate`, in /min, 0 to 350. */
    uint16_t spo2; /* `spo2`, in %, 0 to 100. */
    uint16_t pulse_rate; /* `pulse-rate`, in /min, 0 to 350. */
    uint16_t respiration_rate; /* `respiration-rate`, in /min, 0 to 200. */
    int16_t abp_systolic; /* `abp-systolic`, in mm[Hg], -50 to 350. */
    int16_t abp_diastolic; /* `abp-diastolic`, in mm[Hg], -50 to 350. */
    int16_t abp_mean; /* `abp-mean`, in mm[Hg], -50 to 350. */
    int16_t pap_systolic; /* `pap-systolic`, in mm[Hg], -50 to 350. */
    int16_t pap_diastolic; /* `pap-diastolic`, in mm[Hg], -50 to 350. */
    int16_t pap_mean; /* `pap-mean`, in mm[Hg], -50 to 350. */
    int16_t nibp_systolic; /* `nibp-systolic`, in mm[Hg], 0 to 350. */
    int16_t nibp_diastolic; /* `nibp-diastolic`, in mm[Hg], 0 to 350. */
    int16_t nibp_mean; /* `nibp-mean`, in mm[Hg], 0 to 350. */
    int16_t ecg[20]; /* `ecg`, in uV, -10000 to 10000. */
    int16_t abp[5]; /* `abp`, in mm[Hg], -50 to 350. */
    int16_t pleth[5]; /* Thousandths of the sensor's full scale, -1000 to 1000. */
    int16_t resp[5]; /* Thousandths of the sensor's full scale, -1000 to 1000. */
} vitals_record;

CORDON_STATIC_ASSERT(sizeof(vitals_record) == 184, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, source) == 8, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, speed) == 10, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, beat) == 12, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, alarm_priority) == 13, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, alarm_count) == 14, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, alarms) == 16, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, samples) == 80, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, heart_rate) == 88, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, spo2) == 90, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, pulse_rate) == 92, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, respiration_rate) == 94, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, abp_systolic) == 96, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, abp_diastolic) == 98, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, abp_mean) == 100, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, pap_systolic) == 102, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, pap_diastolic) == 104, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, pap_mean) == 106, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, nibp_systolic) == 108, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, nibp_diastolic) == 110, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, nibp_mean) == 112, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, ecg) == 114, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, abp) == 154, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, pleth) == 164, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(vitals_record, resp) == 174, "packed as the channel packs");

/* The reading end; NULL when the control socket is NULL. */
static inline cordon_reader *vitals_reader(cordon_control *control, cordon_trust trust)
{
    const cordon_pace pace = VITALS_PACE;
    return cordon_reader_new(control, VITALS_NAME, VITALS_SCHEMA, &pace, trust);
}

/* The next record, each once: for a curve. */
CORDON_MUST_USE static inline bool vitals_take(cordon_reader *reader, vitals_record *record,
                                               cordon_sample *sample)
{
    return cordon_reader_take(reader, record, sizeof *record, sample);
}

/* What holds now: a record is written only with CORDON_FRESH, else `valid` is 0. */
CORDON_MUST_USE static inline cordon_now vitals_now(cordon_reader *reader, vitals_record *record,
                                                    cordon_sample *sample)
{
    return cordon_reader_now(reader, record, sizeof *record, sample);
}

/* The writing end; NULL when the control socket is NULL. */
static inline cordon_writer *vitals_writer(cordon_control *control)
{
    const cordon_pace pace = VITALS_PACE;
    return cordon_writer_new(control, VITALS_NAME, VITALS_SCHEMA, &pace);
}

CORDON_MUST_USE static inline cordon_status vitals_publish(cordon_writer *writer,
                                                           const vitals_record *record)
{
    return cordon_writer_publish(writer, record, sizeof *record);
}

/* ==== Channel `seen-remotely`, network-service to vitals-display: at most 5 in 1 s. */

#define SEEN_REMOTELY_NAME "seen-remotely"
#define SEEN_REMOTELY_PACE {5, UINT64_C(1000000000), 0}
#define SEEN_REMOTELY_SCHEMA \
    "alarm u32\n"
#define SEEN_REMOTELY_ALARM_VALID (UINT64_C(1) << 0)
#define SEEN_REMOTELY_ALARM_MIN UINT32_C(0)
#define SEEN_REMOTELY_ALARM_MAX UINT32_C(4294967295)

/* One record. A field has a value where its bit of `valid` is set; it is
 * drawn as `---` where it is not. */
typedef struct seen_remotely_record {
    uint64_t valid; /* of the bits *_VALID */
    uint32_t alarm; /* Id of an alarm a nurse has looked at; drawn as 'seen remotely', silences nothing. */
} seen_remotely_record;

CORDON_STATIC_ASSERT(sizeof(seen_remotely_record) == 16, "packed as the channel packs");
CORDON_STATIC_ASSERT(offsetof(seen_remotely_record, alarm) == 8, "packed as the channel packs");

/* The reading end; NULL when the control socket is NULL. */
static inline cordon_reader *seen_remotely_reader(cordon_control *control, cordon_trust trust)
{
    const cordon_pace pace = SEEN_REMOTELY_PACE;
    return cordon_reader_new(control, SEEN_REMOTELY_NAME, SEEN_REMOTELY_SCHEMA, &pace, trust);
}

/* The next record, each once: for a curve. */
CORDON_MUST_USE static inline bool seen_remotely_take(cordon_reader *reader, seen_remotely_record *record,
                                               cordon_sample *sample)
{
    return cordon_reader_take(reader, record, sizeof *record, sample);
}

/* What holds now: a record is written only with CORDON_FRESH, else `valid` is 0. */
CORDON_MUST_USE static inline cordon_now seen_remotely_now(cordon_reader *reader, seen_remotely_record *record,
                                                    cordon_sample *sample)
{
    return cordon_reader_now(reader, record, sizeof *record, sample);
}

/* The writing end; NULL when the control socket is NULL. */
static inline cordon_writer *seen_remotely_writer(cordon_control *control)
{
    const cordon_pace pace = SEEN_REMOTELY_PACE;
    return cordon_writer_new(control, SEEN_REMOTELY_NAME, SEEN_REMOTELY_SCHEMA, &pace);
}

CORDON_MUST_USE static inline cordon_status seen_remotely_publish(cordon_writer *writer,
                                                           const seen_remotely_record *record)
{
    return cordon_writer_publish(writer, record, sizeof *record);
}

#endif /* CORDON_BEDSIDE_MONITOR_CHANNELS_H */
