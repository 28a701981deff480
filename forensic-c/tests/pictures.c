/* What picture files say of their pictures, and the frames of animations. */
#include "story.h"

/* A TIFF structure with a maker, a place 33.5 degrees south and 151 east, and XMP. */
static const uint8_t TIFF[] = {
    'I', 'I', 42, 0, 8, 0, 0, 0, 5, 0,                              /* five entries at 8 */
    0x00, 0x01, 3, 0, 1, 0, 0, 0, 64, 0, 0, 0,                      /* ImageWidth */
    0x01, 0x01, 3, 0, 1, 0, 0, 0, 48, 0, 0, 0,                      /* ImageLength */
    0x0f, 0x01, 2, 0, 4, 0, 0, 0, 'C', 'a', 'm', 0,                 /* Make */
    0xbc, 0x02, 1, 0, 12, 0, 0, 0, 148, 0, 0, 0,                    /* XMP at 148 */
    0x25, 0x88, 4, 0, 1, 0, 0, 0, 74, 0, 0, 0,                      /* GPS at 74 */
    0, 0, 0, 0,                                                     /* no next, at 70 */
    4, 0,                                                           /* four entries at 74 */
    1, 0, 2, 0, 2, 0, 0, 0, 'S', 0, 0, 0,                           /* GPSLatitudeRef */
    2, 0, 5, 0, 2, 0, 0, 0, 128, 0, 0, 0,                           /* GPSLatitude at 128 */
    3, 0, 2, 0, 2, 0, 0, 0, 'E', 0, 0, 0,                           /* GPSLongitudeRef */
    4, 0, 3, 0, 1, 0, 0, 0, 151, 0, 0, 0,                           /* GPSLongitude */
    0, 0, 0, 0,                                                     /* no next, at 124 */
    33, 0, 0, 0, 1, 0, 0, 0, 30, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,   /* 33/1 30/1 at 128 */
    '<', 'a', ':', 'b', '>', 'c', '<', '/', 'a', ':', 'b', '>',     /* XMP at 148 */
};

/* Two frames of one pixel, red and green, half a second each. */
static const uint8_t GIF[] = {
    'G', 'I', 'F', '8', '9', 'a', 1, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 255, 0, 0x21, 0xf9, 4, 0, 50, 0, 0, 0, ',',
    0,   0,   0,   0,   1,   0,   1, 0, 0, 2, 2, 0x44, 1, 0,   0x21, 0xf9, 4, 0, 50, 0, 0, 0, ',', 0, 0, 0, 0, 1, 0,
    1,   0,   0,   2,   2,   0x4c, 1, 0, ';',
};

static forensic_stream *stream_of(const void *bytes, size_t length) {
    forensic_evidence *evidence = NULL;
    forensic_stream *stream = NULL;
    EXPECT_OK(forensic_evidence_open_bytes((const uint8_t *)bytes, length, NULL, &evidence, &error));
    EXPECT_OK(forensic_evidence_stream(evidence, &stream, &error));
    forensic_evidence_free(evidence);
    return stream;
}

static void a_file_says_where_and_with_what_it_was_taken(void) {
    forensic_stream *stream = stream_of(TIFF, sizeof TIFF);
    forensic_picture_info *info = NULL;
    forensic_issues *issues = NULL;
    const char *value = NULL;
    double latitude = 0, longitude = 0, altitude = 7;
    size_t length = 0;
    uint64_t offset = 0;

    EXPECT_OK(forensic_picture_info_stream(stream, NULL, &info, &error));
    EXPECT_TEXT(forensic_picture_info_format(info), "tiff");
    EXPECT(forensic_picture_info_width(info) == 64 && forensic_picture_info_height(info) == 48);
    EXPECT_TEXT(forensic_picture_info_maker(info), "Cam");
    EXPECT(forensic_picture_info_exif_count(info) == 7);
    EXPECT_TEXT(forensic_picture_info_exif(info, 0)->key, "GPSLatitude");
    EXPECT_TEXT(forensic_picture_info_exif(info, 0)->value, "33 30");
    EXPECT(forensic_picture_info_exif(info, 7) == NULL);
    EXPECT_OK(forensic_picture_info_exif_value(info, "Make", &value, &error));
    EXPECT_TEXT(value, "Cam");
    EXPECT_OK(forensic_picture_info_exif_value(info, "Model", &value, &error));
    EXPECT(value == NULL);
    EXPECT(forensic_picture_info_latitude(info, &latitude) && latitude == -33.5);
    EXPECT(forensic_picture_info_longitude(info, &longitude) && longitude == 151.0);
    EXPECT(!forensic_picture_info_altitude(info, &altitude));
    EXPECT(forensic_picture_info_gps_time(info) == NULL);
    EXPECT_TEXT(forensic_picture_info_xmp(info), "<a:b>c</a:b>");
    EXPECT(forensic_picture_info_xmp_count(info) == 1);
    EXPECT_TEXT(forensic_picture_info_xmp_property(info, 0)->key, "a:b");
    EXPECT_TEXT(forensic_picture_info_xmp_property(info, 0)->value, "c");
    EXPECT(forensic_picture_info_iptc_count(info) == 0 && forensic_picture_info_iptc(info, 0) == NULL);
    EXPECT(forensic_picture_info_thumbnail_count(info) == 0);
    EXPECT(forensic_picture_info_thumbnail(info, 0, &offset, &length) == NULL);
    EXPECT_OK(forensic_picture_info_issues(info, &issues, &error));
    EXPECT(forensic_issues_count(issues) == 0);
    forensic_issues_free(issues);
    forensic_picture_info_free(info);
    forensic_stream_free(stream);

    EXPECT(forensic_picture_info_width(NULL) == 0 && forensic_picture_info_format(NULL) == NULL);
    EXPECT_FAILS(FORENSIC_INVALID_ARGUMENT, forensic_picture_info_stream(NULL, NULL, &info, &error));
    EXPECT_FAILS(FORENSIC_IO, forensic_picture_info_file("/no/such/picture", NULL, &info, &error));
    stream = stream_of("no picture", 10);
    EXPECT_FAILS(FORENSIC_FORMAT, forensic_picture_info_stream(stream, NULL, &info, &error));
    EXPECT(info == NULL);
    forensic_stream_free(stream);
}

static void frames_come_one_after_another(void) {
    forensic_stream *stream = stream_of(GIF, sizeof GIF);
    forensic_frames *frames = NULL;
    forensic_frame *frame = NULL;

    EXPECT_OK(forensic_frames_stream(stream, NULL, &frames, &error));
    forensic_stream_free(stream);
    EXPECT_OK(forensic_frames_next(frames, &frame, &error));
    EXPECT(forensic_frame_number(frame) == 0 && forensic_frame_seconds(frame) == 0.0);
    EXPECT(forensic_frame_width(frame) == 1 && forensic_frame_height(frame) == 1);
    EXPECT(memcmp(forensic_frame_rgb(frame), "\xff\0\0", 3) == 0);
    forensic_frame_free(frame);
    EXPECT_OK(forensic_frames_next(frames, &frame, &error));
    EXPECT(forensic_frame_number(frame) == 1 && forensic_frame_seconds(frame) == 0.5);
    EXPECT(memcmp(forensic_frame_rgb(frame), "\0\xff\0", 3) == 0);
    forensic_frame_free(frame);
    EXPECT(forensic_frames_next(frames, &frame, NULL) == FORENSIC_DONE && frame == NULL);
    forensic_frames_free(frames);

    stream = stream_of("nothing that moves", 18);
    EXPECT_FAILS(FORENSIC_FORMAT, forensic_frames_stream(stream, NULL, &frames, &error));
    forensic_stream_free(stream);
}

int main(void) {
    a_file_says_where_and_with_what_it_was_taken();
    frames_come_one_after_another();
    return 0;
}
