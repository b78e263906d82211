/* The verified one-way channel between two compartments of a device.
 *
 * Made by cbindgen from channel/capi/src/: change that, not this.
 * cordon_channel(3) is the manual; `cordon channel codegen --lang c` writes the
 * struct of a channel's record from the device's manifest. */

#ifndef CORDON_CHANNEL_H
#define CORDON_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__cplusplus) && __cplusplus < 201103L
#error "cordon-channel.h needs C11 or C++11"
#endif
#ifdef __cplusplus
#define CORDON_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define CORDON_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* A result that may not be thrown away. */
#if defined(__GNUC__)
#define CORDON_MUST_USE __attribute__((warn_unused_result))
#else
#define CORDON_MUST_USE
#endif

/* A record is exchanged as it is packed: little-endian, as a struct lies on these
 * machines. There is no 32-bit or big-endian channel. */
CORDON_STATIC_ASSERT(sizeof(void *) == 8, "the channel needs a 64-bit machine");
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the channel needs a little-endian machine"
#endif

/*
 What holds now. Handle each: `switch` without `default` (-Wswitch).
 */
typedef enum cordon_now {
    /*
     There is no value, and no telling when one comes: cordon_reader_why().
     */
    CORDON_LOST = 0,
    /*
     Sensor silent: the writer lives, its newest record is past the deadline.
     */
    CORDON_STALE = 1,
    /*
     The newest record, within its deadline.
     */
    CORDON_FRESH = 2,
} cordon_now;

/*
 Why there is no value.
 */
typedef enum cordon_why {
    /*
     There is one, or it is only stale.
     */
    CORDON_WHY_NONE = 0,
    /*
     The channel was not handed out, or refused: cordon_reader_refusal().
     */
    CORDON_WHY_ABSENT = 1,
    /*
     The channel has just come; no record yet.
     */
    CORDON_WHY_NOT_YET = 2,
    /*
     Process dead: no heartbeat, or it said that it ends.
     */
    CORDON_WHY_DEAD = 3,
    /*
     The writer broke the channel's rules and is not believed any more.
     */
    CORDON_WHY_POISONED = 4,
    /*
     The ends declare different records: cordon_reader_refusal() names fields.
     */
    CORDON_WHY_SCHEMA = 5,
} cordon_why;

/*
 How a call went.
 */
typedef enum cordon_status {
    /*
     Done.
     */
    CORDON_OK = 0,
    /*
     The channel is not attached (yet): nothing was published.
     */
    CORDON_ABSENT = -1,
    /*
     A value is outside its range: nothing was published.
     */
    CORDON_RANGE = -2,
    /*
     A pointer is NULL, or the size is not that of the record.
     */
    CORDON_INVALID = -3,
} cordon_status;

/*
 Whether a reader believes the writer's clock.
 */
typedef enum cordon_trust {
    /*
     The writer may be an attacker: age is counted on the reader's clock alone.
     */
    CORDON_UNTRUSTED = 0,
    /*
     The writer is honest, though it may crash: age is counted from the time
     a record carries.
     */
    CORDON_TRUSTED = 1,
} cordon_trust;

/*
 A control socket. One thread at a time uses it; its readers and writers may
 be on other threads.
 */
typedef struct cordon_control cordon_control;

/*
 A reading end. One thread at a time uses it.
 */
typedef struct cordon_reader cordon_reader;

/*
 A writing end. One thread at a time uses it.
 */
typedef struct cordon_writer cordon_writer;

/*
 How often records come; as `*_PACE` of a generated header.
 */
typedef struct cordon_pace {
    /*
     0 for records that come regularly; else so many in `period_ns` at most.
     */
    uint32_t records;
    /*
     Nominal period, or the span of `records`, in ns.
     */
    uint64_t period_ns;
    /*
     Age in ns past which a record is no value; 0 where `records` is not.
     */
    uint64_t deadline_ns;
} cordon_pace;

/*
 What is known of a record that was read.
 */
typedef struct cordon_sample {
    /*
     Its number in the epoch, from 1.
     */
    uint64_t number;
    /*
     The writer's life it belongs to.
     */
    uint64_t epoch;
    /*
     When it was published, ns of CLOCK_MONOTONIC as the writer says.
     */
    uint64_t time_ns;
    /*
     Its age in ns; with CORDON_STALE the age of the newest one.
     */
    uint64_t age_ns;
    /*
     Records that are gone between it and the one before.
     */
    uint64_t lost;
    /*
     Whether it follows the one before without a hole: only then may a line
     be drawn from one to the other.
     */
    bool joins;
} cordon_sample;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 Now, in ns of CLOCK_MONOTONIC: the clock of every time in this header.
 */
uint64_t cordon_clock_ns(void);

/*
 A descriptor this process inherited under that name (LISTEN_FDNAMES), which
 is then the caller's to close; -1 where there is none, or at the second
 call.

 # Safety
 `name` is a text ended by NUL.
 */
int cordon_descriptor(const char *name);

/*
 The control socket this process inherited from Cordon, once; NULL where
 there is none.
 */
struct cordon_control *cordon_control_open(void);

/*
 A control socket that came another way; the descriptor is this library's
 from now on. NULL for a number that is not open.

 # Safety
 `fd` is the caller's own and is not used or closed by it any more.
 */
struct cordon_control *cordon_control_from_fd(int fd);

/*
 The socket, to wait for reading on (level-triggered); -1 when the supervisor
 is gone.

 # Safety
 `control` is NULL or a live handle that no other thread uses.
 */
int cordon_control_fd(struct cordon_control *control);

/*
 Takes what the supervisor handed out and attaches it. Never waits; call it
 every tick, or when the socket is readable. Gives the number of ends that
 were attached or refused; -1 when the supervisor is gone (channels that are
 attached go on).

 # Safety
 `control` is NULL or a live handle that no other thread uses.
 */
int cordon_control_poll(struct cordon_control *control);

/*
 Closes the socket. Channels that are attached go on. NULL is nothing.

 # Safety
 `control` is NULL or a live handle, which nobody uses afterwards.
 */
void cordon_control_free(struct cordon_control *control);

/*
 Asks for a reading end; it is absent until cordon_control_poll() attached
 it. Name, schema and pace are those of the manifest: use a generated header.
 `trust` is a cordon_trust. NULL when a pointer is, or when the schema or the
 pace is none.

 # Safety
 `control` is NULL or a live handle that no other thread uses; the texts are
 ended by NUL; `pace` points at one.
 */
struct cordon_reader *cordon_reader_new(struct cordon_control *control,
                                        const char *channel,
                                        const char *schema,
                                        const struct cordon_pace *pace,
                                        uint32_t trust);

/*
 The next record, each once: for a curve. False when there is no new one, or
 when `size` is not the record's. Makes no system call.

 # Safety
 `reader` is NULL or a live handle that no other thread uses; `record` has
 `size` bytes; `sample` is NULL or has room for one.
 */
CORDON_MUST_USE
bool cordon_reader_take(struct cordon_reader *reader,
                        void *record,
                        size_t size,
                        struct cordon_sample *sample);

/*
 What holds now: reads what has come since. The record is written with
 CORDON_FRESH; otherwise it becomes all zeros, so no field in it is valid.
 A `size` that is not the record's is CORDON_LOST. Makes no system call.

 # Safety
 `reader` is NULL or a live handle that no other thread uses; `record` has
 `size` bytes; `sample` is NULL or has room for one.
 */
CORDON_MUST_USE
enum cordon_now cordon_reader_now(struct cordon_reader *reader,
                                  void *record,
                                  size_t size,
                                  struct cordon_sample *sample);

/*
 Why the last cordon_reader_now() said CORDON_LOST.

 # Safety
 `reader` is NULL or a live handle that no other thread uses.
 */
enum cordon_why cordon_reader_why(struct cordon_reader *reader);

/*
 In words, why the newest hand-out was refused: each field that differs by
 its name. Empty when it was not. Cut to `size` with its NUL; gives the
 length it has, as snprintf(3).

 # Safety
 `reader` is NULL or a live handle that no other thread uses; `text` is NULL
 or has `size` bytes.
 */
size_t cordon_reader_refusal(struct cordon_reader *reader, char *text, size_t size);

/*
 The writer's life it is attached to, from 1; 0 while it is absent.

 # Safety
 `reader` is NULL or a live handle that no other thread uses.
 */
uint64_t cordon_reader_epoch(struct cordon_reader *reader);

/*
 Ends it. NULL is nothing.

 # Safety
 `reader` is NULL or a live handle, which nobody uses afterwards.
 */
void cordon_reader_free(struct cordon_reader *reader);

/*
 Asks for the writing end; it is absent until cordon_control_poll() attached
 it. Name, schema and pace are those of the manifest: use a generated header.
 NULL when a pointer is, or when the schema or the pace is none.

 # Safety
 `control` is NULL or a live handle that no other thread uses; the texts are
 ended by NUL; `pace` points at one.
 */
struct cordon_writer *cordon_writer_new(struct cordon_control *control,
                                        const char *channel,
                                        const char *schema,
                                        const struct cordon_pace *pace);

/*
 Publishes a record, which is also a heartbeat. Every field whose bit of
 `valid` is set is checked against its range first. Makes no system call.

 # Safety
 `writer` is NULL or a live handle that no other thread uses; `record` has
 `size` bytes.
 */
CORDON_MUST_USE
enum cordon_status cordon_writer_publish(struct cordon_writer *writer,
                                         const void *record,
                                         size_t size);

/*
 Says that the writer lives although it has no data; at least every half
 second. Makes no system call.

 # Safety
 `writer` is NULL or a live handle that no other thread uses.
 */
void cordon_writer_heartbeat(struct cordon_writer *writer);

/*
 In words, why the newest hand-out was refused; as cordon_reader_refusal().

 # Safety
 `writer` is NULL or a live handle that no other thread uses; `text` is NULL
 or has `size` bytes.
 */
size_t cordon_writer_refusal(struct cordon_writer *writer, char *text, size_t size);

/*
 Its own life, from 1; 0 while it is absent.

 # Safety
 `writer` is NULL or a live handle that no other thread uses.
 */
uint64_t cordon_writer_epoch(struct cordon_writer *writer);

/*
 Ends it, and tells the readers so. NULL is nothing.

 # Safety
 `writer` is NULL or a live handle, which nobody uses afterwards.
 */
void cordon_writer_free(struct cordon_writer *writer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CORDON_CHANNEL_H */
