"""The languages templates can be written in, by code, with the names Meta gives them (Meta: supported languages)."""

from collections.abc import Mapping
from types import MappingProxyType

# fmt: off
LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "af": "Afrikaans", "ar": "Arabic", "ar_AE": "Arabic (UAE)", "ar_EG": "Arabic (EGY)", "ar_LB": "Arabic (LBN)",
        "ar_MA": "Arabic (MAR)", "ar_QA": "Arabic (QAT)", "az": "Azerbaijani", "be_BY": "Belarusian",
        "bg": "Bulgarian", "bn": "Bengali", "bn_IN": "Bengali (IND)", "ca": "Catalan", "cs": "Czech", "da": "Danish",
        "de": "German", "de_AT": "German (AUT)", "de_CH": "German (CHE)", "el": "Greek", "en": "English",
        "en_AE": "English (UAE)", "en_AU": "English (AUS)", "en_CA": "English (CAN)", "en_GB": "English (UK)",
        "en_GH": "English (GHA)", "en_IE": "English (IRL)", "en_IN": "English (IND)", "en_JM": "English (JAM)",
        "en_MY": "English (MYS)", "en_NZ": "English (NZL)", "en_QA": "English (QAT)", "en_SG": "English (SGP)",
        "en_UG": "English (UGA)", "en_US": "English (US)", "en_ZA": "English (ZAF)", "es": "Spanish",
        "es_AR": "Spanish (ARG)", "es_CL": "Spanish (CHL)", "es_CO": "Spanish (COL)", "es_CR": "Spanish (CRI)",
        "es_DO": "Spanish (DOM)", "es_EC": "Spanish (ECU)", "es_ES": "Spanish (SPA)", "es_HN": "Spanish (HND)",
        "es_MX": "Spanish (MEX)", "es_PA": "Spanish (PAN)", "es_PE": "Spanish (PER)", "es_UY": "Spanish (URY)",
        "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fil": "Filipino", "fr": "French",
        "fr_BE": "French (BEL)", "fr_CA": "French (CAN)", "fr_CH": "French (CHE)", "fr_CI": "French (CIV)",
        "fr_MA": "French (MAR)", "ga": "Irish", "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi",
        "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ka": "Georgian",
        "kk": "Kazakh", "kn": "Kannada", "ko": "Korean", "ky_KG": "Kyrgyz (Kyrgyzstan)", "lo": "Lao",
        "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam", "mr": "Marathi", "ms": "Malay",
        "nb": "Norwegian", "nl": "Dutch", "nl_BE": "Dutch (BEL)", "pa": "Punjabi", "pl": "Polish", "prs_AF": "Dari",
        "ps_AF": "Pashto", "pt_BR": "Portuguese (BR)", "pt_PT": "Portuguese (POR)", "ro": "Romanian", "ru": "Russian",
        "rw_RW": "Kinyarwanda", "si_LK": "Sinhala", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian",
        "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai",
        "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "zh_CN": "Chinese (CHN)",
        "zh_HK": "Chinese (HKG)", "zh_TW": "Chinese (TAI)", "zu": "Zulu",
    }
)
# fmt: on
