/* Reads a bedside monitor's channel `vitals` and says what holds, once a tick.
 *
 *     cc station.c $(pkg-config --cflags --libs cordon-channel) -o station
 *
 * Cordon starts it as a component; `station N` ends after N values. */
#include "bedside-monitor-channels.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The rate, or `---`: a field without its bit has no value. */
static void show(const vitals_record *vitals, const cordon_sample *sample)
{
    printf("fresh record %" PRIu64 " heart-rate ", sample->number);
    if (vitals->valid & VITALS_HEART_RATE_VALID)
        printf("%u%s", vitals->heart_rate, VITALS_HEART_RATE_UNIT);
    else
        printf("---");
    printf("\n");
}

int main(int argc, char **argv)
{
    long left = argc > 1 ? strtol(argv[1], NULL, 10) : -1;
    const struct timespec tick = {0, 10 * 1000 * 1000};

    cordon_control *control = cordon_control_open();
    cordon_reader *reader = vitals_reader(control, CORDON_TRUSTED);
    if (reader == NULL) {
        fprintf(stderr, "station: no control socket: start it by Cordon\n");
        cordon_control_free(control);
        return 1;
    }
    uint64_t shown = 0;
    cordon_now before = CORDON_FRESH;
    while (left != 0) {
        vitals_record vitals;
        cordon_sample sample;
        cordon_control_poll(control);
        cordon_now now = vitals_now(reader, &vitals, &sample);
        switch (now) { /* without default: the compiler says what is missing */
        case CORDON_FRESH:
            if (sample.number != shown) {
                show(&vitals, &sample);
                shown = sample.number;
                left--;
            }
            break;
        case CORDON_STALE:
            if (now != before)
                printf("stale\n");
            break;
        case CORDON_LOST:
            if (now != before)
                printf("lost %d\n", (int)cordon_reader_why(reader));
            if (cordon_reader_why(reader) == CORDON_WHY_DEAD)
                left = 0;
            break;
        }
        before = now;
        fflush(stdout);
        nanosleep(&tick, NULL);
    }
    cordon_reader_free(reader);
    cordon_control_free(control);
    return 0;
}
