"""The headers of metrics in exports, by metric and separated by ``|``; each in many languages.

That of views is the one which decides what is forecast, so it is known in all languages of YouTube
Studio. The others are known in the more frequent ones: they say what a column is that was refused.
Headers are compared as a whole, so that no other figure is taken for views. Of the others, units in
brackets are left out.
"""

from viewcast.data.views_words import AMBIGUOUS, VIEWS_IN

HEADERS = {
    "views": "|".join([*VIEWS_IN.values(), *AMBIGUOUS.values()]),
    "engagedViews": (
        "engaged views|interessierte aufrufe|aufrufe mit interaktion|visualizaciones interesadas|"
        "vues engagées|visualizações engajadas|visualizações com engajamento|"
        "visualizzazioni coinvolte|weergaven met betrokkenheid|zaangażowane wyświetlenia|"
        "заинтересованные просмотры|有效觀看次數|有效观看次数|有効視聴回数|エンゲージ ビュー|"
        "참여 조회수|engagerade visningar|engagerede visninger|engasjerte visninger|"
        "sitoutuneet katselukerrat|etkileşimli görüntülemeler|wyświetlenia z zaangażowaniem|"
        "zaangażowane obejrzenia|visualizações interessadas|vues avec engagement|"
        "visualizzazioni con coinvolgimento|有興趣的觀看次數|高关注观看次数"
    ),
    "estimatedMinutesWatched": (
        "watch time|watch time minutes|wiedergabezeit|tiempo de visualización|"
        "durée de visionnage|tempo de exibição|tempo di visualizzazione|kijktijd|weergavetijd|"
        "visningstid|czas oglądania|время просмотра|час перегляду|izlenme süresi|観看時間|"
        "觀看時間|观看时长|総再生時間|시청 시간|waktu tonton|thời gian xem|वॉच टाइम|وقت المشاهدة|"
        "זמן צפייה"
    ),
    "averageViewDuration": (
        "average view duration|durchschnittliche wiedergabedauer|"
        "duración media de las visualizaciones|durée moyenne d'une vue|"
        "duração média da visualização|durata media della visualizzazione|"
        "gemiddelde weergaveduur|平均觀看時長|平均視聴時間|평균 시청 지속 시간"
    ),
    "averageViewPercentage": (
        "average percentage viewed|durchschnittlich angesehen|porcentaje medio visto|"
        "pourcentage moyen de la vidéo regardé|porcentagem visualizada média|"
        "percentuale media visualizzata|平均觀看比例|平均再生率|평균 조회율|stayed to watch|"
        "weiter angesehen"
    ),
    "subscribers": (
        "subscribers|abonnenten|suscriptores|abonnés|inscritos|iscritti|abonnees|prenumeranter|"
        "abonnenter|tilaajat|subskrybenci|odběratelé|odberatelia|feliratkozók|abonați|abonaţi|"
        "abone|aboneler|συνδρομητές|подписчики|підписники|абоненти|претплатници|pretplatnici|"
        "naročniki|tellijad|abonenti|prenumeratoriai|訂閱人數|订阅者|订阅人数|チャンネル登録者|"
        "チャンネル登録者数|구독자|subscriber|المشتركون|מנויים|مشترکین|người đăng ký|ผู้ติดตาม|"
        "सदस्य|সদস্য"
    ),
    "subscribersGained": "subscribers gained|neue abonnenten|suscriptores obtenidos|abonnés gagnés",
    "subscribersLost": "subscribers lost|verlorene abonnenten|suscriptores perdidos|abonnés perdus",
    "impressions": (
        "impressions|impressionen|impresiones|impressões|impressioni|vertoningen|exponeringar|"
        "eksponeringer|wyświetlenia miniatury|показы|gösterimler|曝光次數|展示次数|"
        "インプレッション数|노출수|tayangan|lượt hiển thị|wyświetlenia miniatur|"
        "wyświetlenia miniatur filmów|покази|импресии|показвания на миниизображения|"
        "megjelenítések|megjelenések|afișări|impresii|impresije|prikazi sličica|impresiones de "
        "miniaturas|zobrazení miniatur|zobrazenia miniatúr|gösterim|显示次数|इंप्रेशन|ইম্প্রেশন|"
        "การแสดงผล|จำนวนการแสดงผล|مرات الظهور|הופעות|חשיפות|نقوش|εμφανίσεις|parodymai|"
        "näyttökerrat pikkukuvista|impressiot|visningar av miniatyrbild"
    ),
    "impressionsClickThroughRate": (
        "impressions click-through rate|klickrate der impressionen|"
        "porcentaje de clics de las impresiones|taux de clics par impression"
    ),
    "uniqueViewers": (
        "unique viewers|einzelne zuschauer|espectadores únicos|spectateurs uniques|"
        "spettatori unici|unieke kijkers|уникальные зрители|不重複觀眾人數|ユニーク視聴者数|"
        "순 시청자 수|unika tittare|unikke seere|yksilölliset katsojat|unikalni widzowie|"
        "tekil izleyiciler|espectadores exclusivos|jedineční diváci|unikátní diváci|"
        "natatanging manonood|penonton unik|người xem duy nhất|唯一身份观看者人数|"
        "ผู้ชมที่ไม่ซ้ำ|यूनीक दर्शक|منفرد ناظرین"
    ),
    "estimatedRevenue": (
        "estimated revenue|your estimated revenue|geschätzter umsatz|ingresos estimados|"
        "revenus estimés|receita estimada|entrate stimate|geschatte opbrengst|預估收益|推定収益|"
        "예상 수익"
    ),
    "likes": "likes|mag-ich-bewertungen|me gusta|j'aime|gostei|mi piace|高評価数|喜歡次數|좋아요",
    "comments": "comments|comments added|kommentare|comentarios|commentaires|commenti|コメント",
    "shares": "shares|geteilte inhalte|veces compartido|partages|compartilhamentos|共有数|分享次數",
}
FRACTIONS = frozenset(
    {
        "estimatedMinutesWatched",
        "averageViewDuration",
        "averageViewPercentage",
        "impressionsClickThroughRate",
        "estimatedRevenue",
    }
)
_HOURS = (
    "hours|stunden|horas|heures|ore|uren|timmar|timer|tunnit|godz|час|saat|時間|小时|小時|"
    "시간|giờ|घंटे"
)
HOURS = tuple(_HOURS.split("|"))
